// external_post: tasks spawned from a thread that is none of tokio's.
#[path = "../common/bench.rs"]
mod bench;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{mpsc, Arc};

fn main() {
    let o = bench::parse(200_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(o.workers).build().unwrap();
    for count in o.passes() {
        let watch = bench::Stopwatch::start();
        let left = Arc::new(AtomicU64::new(count));
        let (done, finished) = mpsc::channel();
        for _ in 0..count {
            let (left, done) = (left.clone(), done.clone());
            runtime.spawn(async move {
                if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                    done.send(()).unwrap();
                }
            });
        }
        finished.recv().unwrap();
        let m = watch.read();
        if count == o.size {
            bench::per_op(m, count as f64);
        }
    }
}
