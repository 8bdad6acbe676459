// fib by tokio's spawn: one child is a task, the other is awaited in place. Both are boxed, for a future that contains
// itself must be.
#[path = "../common/bench.rs"]
mod bench;

use std::{future::Future, pin::Pin};

fn fib(n: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if n < 2 {
            return n;
        }
        let a = tokio::spawn(fib(n - 1));
        let b = fib(n - 2).await;
        a.await.unwrap() + b
    })
}

fn expected(n: u64) -> u64 {
    (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0
}

fn main() {
    let o = bench::parse(32);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(o.workers).build().unwrap();
    runtime.block_on(async {
        for n in [o.size.saturating_sub(5), o.size] {
            let watch = bench::Stopwatch::start();
            let result = tokio::spawn(fib(n)).await.unwrap();
            let m = watch.read();
            if n == o.size {
                bench::check(result == expected(n), "fib");
                bench::per_op(m, 2.0 * expected(n + 1) as f64 - 1.0);
            }
        }
    });
}
