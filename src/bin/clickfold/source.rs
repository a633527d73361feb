//! A file's text: unpacked and decoded, whatever it was packed with and written in.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};

use clickfold::decode;
use clickfold::kernel::encoding;
use encoding_rs::Encoding;

use super::Failure;

/// A packed file may become that many times as long as it is, once it is long: a longer one was made to fill the memory.
const MOST_RATIO: u64 = 250;
/// Bytes of text for which no ratio is asked.
const ALWAYS: u64 = 1 << 30;

/// A file's text in UTF-8, and the label of the encoding that it was written in.
pub struct Text {
    pub bytes: Box<dyn Read>,
    pub encoding: &'static str,
}

/// Opens a file, or standard input as `-`. `told` is the encoding, if the user says it.
pub fn open(path: &str, told: Option<&str>) -> Result<Text, Failure> {
    let failed = |e: io::Error| Failure::Data(format!("cannot open {path}: {e}"));
    let told = told.map(label).transpose()?;
    let mut raw: Box<dyn BufRead> = match path {
        "-" => Box::new(BufReader::new(io::stdin())),
        _ => Box::new(BufReader::new(File::open(path).map_err(failed)?)),
    };
    let start = raw.fill_buf().map_err(failed)?;
    let bytes = match start {
        [0x1f, 0x8b, ..] => limited(raw, |packed| Ok(Box::new(flate2::bufread::MultiGzDecoder::new(packed)))).map_err(failed)?,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => limited(raw, |packed| {
            let decoder = ruzstd::decoding::StreamingDecoder::new(packed).map_err(io::Error::other)?;
            Ok(Box::new(decoder))
        })
        .map_err(failed)?,
        [b'P', b'K', 3, 4, ..] if path == "-" => {
            let mut whole = vec![];
            raw.read_to_end(&mut whole).map_err(failed)?;
            member(Cursor::new(whole), path)?
        }
        [b'P', b'K', 3, 4, ..] => member(File::open(path).map_err(failed)?, path)?,
        _ => raw,
    };
    decoded(bytes, told).map_err(failed)
}

fn label(told: &str) -> Result<&'static Encoding, Failure> {
    let unknown =
        || Failure::Usage(format!("unknown encoding {told:?}; write a label such as utf-8, gb18030, big5 or shift_jis"));
    Encoding::for_label(told.as_bytes()).ok_or_else(unknown)
}

/// The only member of a zip archive that is a file of data.
fn member(archive: impl Read + Seek + 'static, path: &str) -> Result<Box<dyn BufRead>, Failure> {
    let damaged = |e: zip::result::ZipError| Failure::Data(format!("cannot unpack {path}: {e}"));
    let mut archive = zip::ZipArchive::new(archive).map_err(damaged)?;
    let is_data = |name: &str| {
        !name.ends_with('/') && !name.starts_with("__MACOSX/") && !name.rsplit('/').next().is_some_and(|n| n.starts_with('.'))
    };
    let names: Vec<String> = archive.file_names().filter(|name| is_data(name)).map(str::to_owned).collect();
    let [name] = names.as_slice() else {
        return Err(Failure::Data(format!(
            "{path} holds {} files; unpack the one to be read ({})",
            names.len(),
            names.join(", ")
        )));
    };
    let mut member = archive.by_name(name).map_err(damaged)?;
    let most = ALWAYS.max(MOST_RATIO * member.compressed_size());
    let mut bytes = vec![];
    let failed = |e: io::Error| Failure::Data(format!("cannot unpack {path}: {e}"));
    let n_bytes = (&mut member).take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    if n_bytes as u64 > most {
        return Err(failed(too_much()));
    }
    Ok(Box::new(Cursor::new(bytes)))
}

fn too_much() -> io::Error {
    io::Error::other("it unpacks to over 250 times its size, which no file of events does; unpack it first if it is meant")
}

type Packed = BufReader<Counted>;

/// What `unpack` makes of the bytes, ended by an error where it is a bomb.
fn limited(packed: Box<dyn BufRead>, unpack: impl FnOnce(Packed) -> io::Result<Box<dyn Read>>) -> io::Result<Box<dyn BufRead>> {
    let counted = Counted { inner: packed, n_bytes: std::rc::Rc::default() };
    let n_packed = counted.n_bytes.clone();
    let unpacked = unpack(BufReader::new(counted))?;
    Ok(Box::new(BufReader::with_capacity(1 << 18, Limited { unpacked, n_packed, n_bytes: 0 })))
}

struct Counted {
    inner: Box<dyn BufRead>,
    n_bytes: std::rc::Rc<std::cell::Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.n_bytes.set(self.n_bytes.get() + n as u64);
        Ok(n)
    }
}

struct Limited {
    unpacked: Box<dyn Read>,
    n_packed: std::rc::Rc<std::cell::Cell<u64>>,
    n_bytes: u64,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.unpacked.read(buffer)?;
        self.n_bytes += n as u64;
        if self.n_bytes > ALWAYS.max(MOST_RATIO * self.n_packed.get()) { Err(too_much()) } else { Ok(n) }
    }
}

/// The text in UTF-8, by the encoding that is told or that its first bytes speak for.
fn decoded(mut bytes: Box<dyn BufRead>, told: Option<&'static Encoding>) -> io::Result<Text> {
    let mut start = vec![];
    (&mut bytes).take(encoding::SAMPLE as u64 + 1).read_to_end(&mut start)?;
    #[cfg(feature = "parquet")]
    if decode::Format::told_by(&start).is_some() {
        return Ok(Text { bytes: Box::new(Cursor::new(start).chain(bytes)), encoding: "utf-8" });
    }
    let guessed = if decode::is_no_text(&start) { "utf-8" } else { encoding::guess(&start, start.len() <= encoding::SAMPLE) };
    let label = told.map_or(guessed, |told| if told == encoding_rs::UTF_8 { "utf-8" } else { told.name() });
    let source: Box<dyn Read> = Box::new(Cursor::new(start).chain(bytes));
    if label == "utf-8" {
        return Ok(Text { bytes: source, encoding: label });
    }
    let encoding = Encoding::for_label(label.as_bytes()).ok_or_else(|| io::Error::other("an encoding has no decoder"))?;
    let decoder = encoding.new_decoder_with_bom_removal();
    Ok(Text { bytes: Box::new(Transcoded { source, decoder, raw: vec![], text: vec![], at: 0, ended: false }), encoding: label })
}

/// A text in UTF-8 of one in another encoding; what is no character of that becomes `U+FFFD`.
struct Transcoded {
    source: Box<dyn Read>,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Read for Transcoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.ended {
            self.raw.resize(1 << 16, 0);
            let n = self.source.read(&mut self.raw)?;
            self.ended = n == 0;
            let most = self.decoder.max_utf8_buffer_length(n).ok_or_else(|| io::Error::other("the text is too long"))?;
            self.text.resize(most, 0);
            let (_, _, n_written, _) = self.decoder.decode_to_utf8(&self.raw[..n], &mut self.text, self.ended);
            self.text.truncate(n_written);
            self.at = 0;
        }
        let n = (self.text.len() - self.at).min(buffer.len());
        buffer[..n].copy_from_slice(&self.text[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}
