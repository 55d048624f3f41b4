//! Redis Sentinel.

use std::fs;

use redis::Value;

use super::RedisServer;

/// A sentinel that watches a master under the name `mymaster` and promotes a replica soon after the
/// master falls silent.
#[derive(Debug)]
pub struct RedisSentinel {
    process: RedisServer,
}

impl RedisSentinel {
    /// Starts a sentinel and waits until it knows all replicas. It uses the password of the master,
    /// and may require one itself.
    ///
    /// # Panics
    ///
    /// Panics if `redis-sentinel` is not installed, or if it does not find the replicas.
    pub async fn watching(master: &RedisServer, replicas: usize, password: Option<&str>) -> Self {
        let mut settings = format!("sentinel monitor mymaster 127.0.0.1 {} 1\n", master.port());
        settings += "sentinel down-after-milliseconds mymaster 1500\nsentinel failover-timeout mymaster 2000\n";
        if let Some(password) = master.password() {
            settings += &format!("sentinel auth-pass mymaster {password}\n");
        }
        let process = RedisServer::run_by("redis-sentinel", |folder, _| {
            // The sentinel saves what it finds to this file.
            let file = folder.join("sentinel.conf");
            fs::write(&file, &settings).expect("a folder of its own");
            let password = password.map(|password| ["--requirepass".to_owned(), password.to_owned()]);
            [file.display().to_string()].into_iter().chain(password.into_iter().flatten()).collect()
        });
        let sentinel = Self { process: process.await };
        // By default, the sentinel checks the servers less often.
        sentinel.process.command(&["SENTINEL", "DEBUG", "INFO-PERIOD", "200"]).await;
        let known = format!("slaves={replicas},");
        let knows = async || sentinel.process.info("sentinel", "master0").await.contains(&known);
        sentinel.process.until("it knows the replicas", knows).await;
        sentinel
    }

    /// Returns its URL.
    pub fn url(&self) -> String {
        self.process.url()
    }

    /// Makes the sentinel promote a replica although the master is up. Waits until it finds a
    /// suitable one.
    pub async fn failover(&self) {
        let command = ["SENTINEL", "FAILOVER", "mymaster"];
        self.process.until("it promotes a replica", async || self.process.command(&command).await == Value::Okay).await;
    }
}
