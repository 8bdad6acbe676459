// nqueens by a rayon scope a board.
#[path = "../common/bench.rs"]
mod bench;

#[derive(Clone, Copy, Default)]
struct Board {
    columns: u32,
    left: u32,
    right: u32,
    row: u32,
}

fn solutions(b: Board, n: u32) -> u64 {
    if b.row == n {
        return 1;
    }
    let mut sums = [0u64; 16];
    rayon::scope(|scope| {
        let mut free = !(b.columns | b.left | b.right) & ((1 << n) - 1);
        for sum in sums.iter_mut() {
            if free == 0 {
                break;
            }
            let place = free & free.wrapping_neg();
            free &= free - 1;
            let (left, right) = ((b.left | place) << 1, (b.right | place) >> 1);
            let child = Board { columns: b.columns | place, left, right, row: b.row + 1 };
            scope.spawn(move |_| *sum = solutions(child, n));
        }
    });
    sums.iter().sum()
}

fn main() {
    const EXPECTED: [u64; 11] = [2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712, 365596];
    const PLACED: [f64; 11] = [
        17., 54., 153., 552., 2057., 8394., 35539., 166926., 856189., 4674890., 27358553.,
    ];
    let o = bench::parse(12);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(o.workers).build().unwrap();
    for n in [o.size - 2, o.size] {
        let watch = bench::Stopwatch::start();
        let result = pool.install(|| solutions(Board::default(), n as u32));
        let m = watch.read();
        if n == o.size {
            bench::check(result == EXPECTED[n as usize - 4], "nqueens");
            bench::per_op(m, PLACED[n as usize - 4]);
        }
    }
}
