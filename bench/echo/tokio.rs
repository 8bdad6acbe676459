// echo by tokio: its multi-threaded runtime, a task for each connection.
#[path = "../common/bench.rs"]
mod bench;

use std::io::Write;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn echo(mut socket: TcpStream) {
    let mut bytes = [0u8; 4096];
    loop {
        match socket.read(&mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(got) => {
                if socket.write_all(&bytes[..got]).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn serve() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    std::io::stdout().flush()?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(echo(socket));
    }
}

fn main() {
    let workers = bench::parse(1).workers;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_io().build().unwrap();
    // The main task runs on a worker, too, so that no other thread takes part.
    runtime.block_on(runtime.spawn(serve())).unwrap().unwrap();
}
