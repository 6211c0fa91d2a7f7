//! The Go program of the notes, in Rust: files are checked by two threads, at most four at a time, and the
//! report is in order. Change something in it and run it again:
//!
//! `cargo run -p parallel_map --example parallel_map_tour`

use parallel_map::parallel_map;

/// Adds up a file that is not there, which takes a while: the larger the file, the longer.
fn checksum(name: &str) -> Result<u64, String> {
    let size = name
        .strip_suffix(".dat")
        .ok_or(format!("{name}: not a data file"))?;
    let size: u64 = size.parse().map_err(|error| format!("{name}: {error}"))?;
    Ok((0..size * 100_000).fold(size, |sum, n| std::hint::black_box(sum.rotate_left(5) ^ n)))
}

/// Checks a list that is all right, a list that is not, and an endless one of which three are wanted.
pub fn main() {
    let names = ["90.dat", "2.dat", "3.dat", "40.dat", "5.dat"];
    for (name, sum) in names
        .iter()
        .zip(parallel_map(names, 2, 4, checksum).expect("there are threads"))
    {
        println!("{name}: {:04x}", sum.expect("a data file") & 0xffff);
    }

    // The second file takes long, and the third is wrong at once. The error comes third all the same.
    let names = ["1.dat", "99.dat", "readme", "4.dat", "x.dat"];
    for sum in parallel_map(names, 2, 4, checksum).expect("there are threads") {
        match sum {
            Ok(sum) => println!("{:04x}", sum & 0xffff),
            Err(error) => println!("{error}"),
        }
    }

    // Results until one has seen enough. The threads end when the iterator is dropped, at the end of the
    // statement.
    let endless = (1..).map(|n| format!("{n}.dat"));
    let sums = parallel_map(endless, 2, 4, |name| checksum(&name)).expect("there are threads");
    println!(
        "{} of an endless list",
        sums.take(3).filter(Result::is_ok).count()
    );

    // Everything or the first error, which is that of the first item, however fast the others fail.
    let all: Result<Vec<u64>, _> = parallel_map(["7.dat", "y.dat", "z.dat"], 2, 4, checksum)
        .expect("there are threads")
        .collect();
    println!("{}", all.expect_err("two are wrong"));
}
