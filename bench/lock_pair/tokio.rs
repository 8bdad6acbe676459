// lock_pair: tokio::sync::Mutex.
#[path = "../common/bench.rs"]
mod bench;
#[path = "../common/on_tokio.rs"]
mod on_tokio;

fn main() {
    let o = bench::parse(10_000_000);
    on_tokio::run(o.workers, async move {
        let shared = tokio::sync::Mutex::new(());
        for pairs in o.passes() {
            let watch = bench::Stopwatch::start();
            for _ in 0..pairs {
                drop(shared.lock().await);
            }
            let m = watch.read();
            if pairs == o.size {
                bench::per_op(m, pairs as f64);
            }
        }
    });
}
