// gather_100k by tokio: every task is spawned, then its handle awaited in order.
#[path = "../common/bench.rs"]
mod bench;
#[path = "../common/on_tokio.rs"]
mod on_tokio;

async fn one(i: u64) -> u64 {
    i
}

fn main() {
    let o = bench::parse(100_000);
    on_tokio::run(o.workers, async move {
        for tasks in o.passes() {
            let watch = bench::Stopwatch::start();
            let handles: Vec<_> = (0..tasks).map(|i| tokio::spawn(one(i))).collect();
            let mut results = Vec::with_capacity(tasks as usize);
            for handle in handles {
                results.push(handle.await.unwrap());
            }
            let m = watch.read();
            if tasks == o.size {
                bench::check(results.iter().enumerate().all(|(i, r)| i as u64 == *r), "gather_100k");
                bench::per_op(m, tasks as f64);
            }
        }
    });
}
