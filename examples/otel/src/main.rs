//! Traces and metrics with OpenTelemetry. This example prints them. To send them to a collector,
//! replace the two stdout exporters by OTLP exporters.
//!
//! ```text
//! cargo run -p velox-example-otel
//! curl http://127.0.0.1:3000/api/users/7
//! ```
#![forbid(unsafe_code)]

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, MeterProvider};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt;
use velox_rpc::http::Method;
use velox_rpc::service::{Ended, Observer};
use velox_rpc::{App, Call, Error, Router, ServeError, procedure, schema};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let traces =
        SdkTracerProvider::builder().with_simple_exporter(opentelemetry_stdout::SpanExporter::default()).build();
    let metrics =
        SdkMeterProvider::builder().with_periodic_exporter(opentelemetry_stdout::MetricExporter::default()).build();
    tracing::subscriber::set_global_default(subscriber(&traces))?;

    serve(&metrics).await?;

    // Send what is still in the buffers.
    traces.shutdown()?;
    metrics.shutdown()?;
    Ok(())
}

async fn serve(metrics: &SdkMeterProvider) -> Result<(), ServeError> {
    app(metrics).serve("127.0.0.1:3000").await
}

/// velox makes a `tracing` span for every request. This layer passes the spans on to OpenTelemetry.
fn subscriber(traces: &SdkTracerProvider) -> impl tracing::Subscriber + Send + Sync {
    let layer = tracing_opentelemetry::layer().with_tracer(traces.tracer("velox"));
    tracing_subscriber::registry().with(layer)
}

fn app(metrics: &SdkMeterProvider) -> App<()> {
    App::new(()).router(users()).observe(Durations::new(metrics))
}

/// The metric that OpenTelemetry's conventions define for HTTP servers.
struct Durations(Histogram<f64>);

impl Durations {
    fn new(metrics: &SdkMeterProvider) -> Self {
        let meter = metrics.meter("velox");
        Self(meter.f64_histogram("http.server.request.duration").with_unit("s").build())
    }
}

impl Observer for Durations {
    fn ended(&self, ended: &Ended<'_>) {
        // A client can invent methods, and each would become a separate time series.
        let method = match *ended.method() {
            Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE => ended.method(),
            _ => return,
        };
        let mut attributes = vec![KeyValue::new("http.request.method", method.to_string())];
        if let Some(route) = ended.route() {
            attributes.push(KeyValue::new("http.route", route.to_owned()));
        }
        if let Some(status) = ended.status() {
            attributes.push(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        }
        self.0.record(ended.duration().as_secs_f64(), &attributes);
    }
}

#[schema]
struct ById {
    id: u32,
}

fn users() -> Router<()> {
    let get_user = procedure().input::<ById>().query(async |Call { input, .. }| {
        tracing::info!("looking for a user");
        if input.id == 7 { Ok("Ada") } else { Err(Error::resource_not_found("User", input.id)) }
    });
    Router::new("users").procedure("getUser", get_user)
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::SpanKind;
    use opentelemetry_sdk::metrics::InMemoryMetricExporter;
    use opentelemetry_sdk::trace::InMemorySpanExporter;
    use velox_rpc::http::Request;

    use super::*;

    #[tokio::test]
    async fn each_request_is_a_span_and_a_measurement_with_its_route() {
        let (spans, measured) = (InMemorySpanExporter::default(), InMemoryMetricExporter::default());
        let traces = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
        let metrics = SdkMeterProvider::builder().with_periodic_exporter(measured.clone()).build();
        let service = app(&metrics).into_service().expect("good routes");

        let guard = tracing::subscriber::set_default(subscriber(&traces));
        let request = Request::get("/api/users/7").body(String::new()).expect("a request");
        assert_eq!(service.call(request).await.status(), 200);
        drop(guard);

        let finished = spans.get_finished_spans().expect("an exporter in memory");
        let [span] = finished.as_slice() else { panic!("one span: {finished:?}") };
        assert_eq!((&*span.name, &span.span_kind), ("GET /api/users/:id", &SpanKind::Server));
        assert!(span.attributes.contains(&KeyValue::new("status", 200_i64)), "{span:?}");
        assert_eq!(span.events.len(), 1, "what the handler logged");

        metrics.force_flush().expect("an exporter in memory");
        let text = format!("{:?}", measured.get_finished_metrics().expect("an exporter in memory"));
        assert!(text.contains("http.server.request.duration") && text.contains("/api/users/:id"), "{text}");
    }
}
