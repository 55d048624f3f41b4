//! A sentinel of Redis.

use std::fs;

use redis::Value;

use super::RedisServer;

/// A sentinel that watches a master under the name `mymaster`, and promotes a replica soon after the master has fallen silent.
#[derive(Debug)]
pub struct RedisSentinel {
    process: RedisServer,
}

impl RedisSentinel {
    /// Starts a sentinel, and waits until it knows all replicas. It has the password of the master, and may ask for one itself.
    ///
    /// # Panics
    ///
    /// When there is no `redis-sentinel`, or when it does not find the replicas.
    pub async fn watching(master: &RedisServer, replicas: usize, password: Option<&str>) -> Self {
        let mut settings = format!("sentinel monitor mymaster 127.0.0.1 {} 1\n", master.port());
        settings += "sentinel down-after-milliseconds mymaster 1500\nsentinel failover-timeout mymaster 2000\n";
        if let Some(password) = master.password() {
            settings += &format!("sentinel auth-pass mymaster {password}\n");
        }
        let process = RedisServer::run_by("redis-sentinel", |folder, _| {
            // It writes there what it finds.
            let file = folder.join("sentinel.conf");
            fs::write(&file, &settings).expect("a folder of its own");
            let password = password.map(|password| ["--requirepass".to_owned(), password.to_owned()]);
            [file.display().to_string()].into_iter().chain(password.into_iter().flatten()).collect()
        });
        let sentinel = Self { process: process.await };
        // It looks after the servers less often, unless it is told otherwise.
        sentinel.process.command(&["SENTINEL", "DEBUG", "INFO-PERIOD", "200"]).await;
        let known = format!("slaves={replicas},");
        let knows = async || sentinel.process.info("sentinel", "master0").await.contains(&known);
        sentinel.process.until("it knows the replicas", knows).await;
        sentinel
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.process.url()
    }

    /// Lets it promote a replica while the master is well, as soon as it finds one fit.
    pub async fn failover(&self) {
        let command = ["SENTINEL", "FAILOVER", "mymaster"];
        self.process.until("it promotes a replica", async || self.process.command(&command).await == Value::Okay).await;
    }
}
