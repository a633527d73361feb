//! Parts of a file, cut anywhere.

use super::super::csv::tests::cells;
use super::*;
use crate::decode::Fixed;
use crate::decode::{Decoder, Reject};

type Read = (Vec<Vec<Option<String>>>, Vec<Reject>, u64);

fn read_whole(text: &[u8], options: &Options, chunk: usize) -> Read {
    let mut decoder = Decoder::new(options.clone());
    text.chunks(chunk).for_each(|piece| decoder.push(piece).unwrap());
    let part = decoder.end().unwrap();
    (cells(part.take_batches()), part.rejects().kept.clone(), part.n_lines())
}

fn read_part(text: &[u8], mut part: Part, chunk: usize) -> Part {
    for piece in text[part.first_byte() as usize..].chunks(chunk) {
        if !part.push(piece).unwrap() {
            break;
        }
    }
    part.finish().unwrap();
    part
}

/// Reads the text in parts that are cut at `cuts`, and again those that were cut inside a quoted cell; gives how many.
fn read_parts(text: &[u8], options: &Options, cuts: &[u64], chunk: usize) -> (Read, usize) {
    let shape = Shape::of(text, true, options).unwrap().unwrap();
    let cuts: Vec<u64> = cuts.iter().copied().filter(|&cut| cut > shape.first_byte).collect();
    let ends = cuts.iter().copied().chain([u64::MAX]);
    let parts = [shape.first_byte].into_iter().chain(cuts.iter().copied()).zip(ends);
    let (mut rows, mut rejects, mut lines, mut end, mut n_again) = (vec![], vec![], shape.first_line, shape.first_byte, 0);
    for (at, (from, to)) in parts.enumerate() {
        let mut part = read_part(text, Part::new(&shape, options, from, to, at == 0), chunk);
        if part.start() != Some(end) {
            n_again += 1;
            part = read_part(text, Part::new(&shape, options, end, to, true), chunk);
        }
        rows.extend(cells(part.take_batches()));
        rejects.extend(part.rejects().kept.iter().cloned().map(|reject| Reject { line: reject.line + lines, ..reject }));
        lines += part.n_lines();
        end = part.end();
    }
    assert_eq!(end, text.len() as u64);
    ((rows, rejects, lines), n_again)
}

/// Texts of few characters, all of which mean something.
fn dirty(seed: u64, n: usize) -> Vec<u8> {
    let mut state = crate::kernel::hash::mix64(seed) | 1;
    let mut pick = |n: usize| {
        state = crate::kernel::hash::mix64(state.wrapping_add(1));
        (state >> 33) as usize % n
    };
    let cells = [
        "1",
        "22",
        "1.5",
        "x",
        "",
        "\"a\nb\"",
        "\"\r\n,\"\"q\"",
        "\"",
        "a\"b",
        "2024-01-01 00:00:00",
        "72d76fde-8bb3-4e00-8c23-a032dfed738c",
        "\"c\"\"\n\n\"\"d\"",
        "\u{e9}",
    ];
    let ends = ["\n", "\n", "\n", "\r\n", "\r", "\n\n", "\n\r\n"];
    let mut text = String::from("id,name,at\n1,x,2024-01-01\n");
    while text.len() < n {
        let width = if pick(8) == 0 { 1 + pick(4) } else { 3 };
        // A quote that is never closed would make one cell of all that follows: rarely.
        let cell = |pick: &mut dyn FnMut(usize) -> usize| loop {
            let cell = cells[pick(cells.len())];
            if cell != "\"" || pick(20) == 0 {
                break cell;
            }
        };
        let row: Vec<&str> = (0..width).map(|_| cell(&mut pick)).collect();
        text += &row.join(",");
        text += ends[pick(ends.len())];
    }
    text.into_bytes()
}

#[test]
fn every_cut_reads_as_the_whole_does() {
    let mut n_again = 0;
    for seed in 0..40 {
        let text = dirty(seed, 300);
        let options = Options { separator: Some(b','), header: Some(true), ..Options::default() };
        let whole = read_whole(&text, &options, text.len());
        for cut in 1..text.len() as u64 {
            let (parts, again) = read_parts(&text, &options, &[cut], 1 + (cut as usize * 7) % 90);
            assert_eq!(parts, whole, "seed {seed}, cut at {cut}: {}", String::from_utf8_lossy(&text));
            n_again += again;
        }
        for step in 1..40 {
            let cuts: Vec<u64> = (1..).map(|i| i * step).take_while(|&cut| cut < text.len() as u64).collect();
            let (parts, again) = read_parts(&text, &options, &cuts, 64);
            assert_eq!(parts, whole, "seed {seed}, cut every {step}: {}", String::from_utf8_lossy(&text));
            n_again += again;
        }
    }
    assert!(n_again > 1_000, "{n_again} parts began inside a cell");
}

#[test]
fn a_fixed_type_rejects_alike_in_every_part() {
    let text = b"id,n\n1,2\nx,3\n4,y\n5,6\n";
    let types = [("id".to_owned(), Fixed::Int), ("n".to_owned(), Fixed::Int)].into();
    let options = Options { types, ..Options::default() };
    let whole = read_whole(text, &options, 100);
    assert_eq!(whole.1.len(), 2);
    for cut in 1..text.len() as u64 {
        assert_eq!(read_parts(text, &options, &[cut], 100).0, whole, "cut at {cut}");
    }
}
