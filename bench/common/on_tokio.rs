// Runs a future as a task of tokio's multi-threaded runtime, so that it is scheduled like every other.
use std::future::Future;

pub fn run<F>(workers: usize, future: F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap();
    runtime.block_on(async { tokio::spawn(future).await.unwrap() });
}
