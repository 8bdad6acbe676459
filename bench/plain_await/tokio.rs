// plain_await: .await of a boxed future, for an unboxed one is a part of its caller: no call and no allocation, which no
// C++ coroutine that crosses a compilation unit can be.
#[path = "../common/bench.rs"]
mod bench;
#[path = "../common/on_tokio.rs"]
mod on_tokio;

use std::{future::Future, hint::black_box, pin::Pin};

#[inline(never)]
fn callee(i: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move { black_box(i) })
}

fn main() {
    let o = bench::parse(20_000_000);
    on_tokio::run(o.workers, async move {
        for calls in o.passes() {
            let watch = bench::Stopwatch::start();
            let mut sum = 0;
            for i in 0..calls {
                sum += callee(i).await;
            }
            let m = watch.read();
            if calls == o.size {
                bench::check(sum == calls * (calls - 1) / 2, "plain_await");
                bench::per_op(m, calls as f64);
            }
        }
    });
}
