// fork_join by tokio: one leaf is spawned, the other is awaited in place, as in fib.
#[path = "../common/bench.rs"]
mod bench;
#[path = "../common/on_tokio.rs"]
mod on_tokio;

use std::hint::black_box;

async fn leaf(i: u64) -> u64 {
    black_box(i)
}

fn main() {
    let o = bench::parse(1_000_000);
    on_tokio::run(o.workers, async move {
        for forks in o.passes() {
            let watch = bench::Stopwatch::start();
            let mut sum = 0;
            for i in 0..forks {
                let a = tokio::spawn(leaf(i));
                sum += leaf(i + 1).await + a.await.unwrap();
            }
            let m = watch.read();
            if forks == o.size {
                bench::check(sum == forks * forks, "fork_join");
                bench::per_op(m, forks as f64);
            }
        }
    });
}
