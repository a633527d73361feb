//! The command line: the same engine on files and standard input.

#[cfg(feature = "parquet")]
mod ranged;
mod source;

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clickfold::analysis::Zones;
use clickfold::decode::Format;
use clickfold::engine::{Dataset, LoadOptions, Loader};
use clickfold::kernel::bucket::Zone;
use clickfold::sql::Dialect;
use clickfold::{Query, frame, text};

const USAGE: &str = "\
Answers an online shop's questions about its event files.

Usage:
  clickfold schema FILE...               [--format table|csv|json]
  clickfold query  QUERY.json FILE...    [--format table|csv|json|arrow]
  clickfold report FILE...
  clickfold sql    QUERY.json [FILE...]  --dialect duckdb|clickhouse|spark

FILE or QUERY.json may be - for standard input. QUERY.json may also be the query itself. Files are opened whether they are
packed (gzip, zip, zstd) or not; several are one table, their columns united by name. Without a FILE, --schema tells the types
that SQL is of: decimals have two digits after the point, times are of microseconds.
  --kind KIND     how the records are written, if it is not found right: csv, ndjson, json, blanks, log,
                  parquet or arrow
  --pattern P     what is on a log's lines: combined or another known log's name, or a LogFormat or log_format string
  --encoding E    how the text is encoded, if it is not found right: a label such as gb18030 or shift_jis
  --schema JSON   types and roles of columns, such as '{\"sku\": {\"type\": \"text\", \"role\": \"item\"}}'
  --clean RECIPE  how the rows are cleaned: a list of steps as JSON, or a file that holds one
  --timezone Z    the zone whose clock times without a zone are of, such as Asia/Shanghai; UTC if not given
  --dialect D     the SQL that the query is said in: duckdb, if not told
  --separator C   the character between cells, if it is not found right
  --no-header     the first row is data

Exit status: 0 done, 1 bad data or query, 2 usage.";

/// Why the command could not be done.
enum Failure {
    Usage(String),
    Data(String),
}

impl From<clickfold::Error> for Failure {
    fn from(error: clickfold::Error) -> Self {
        Self::Data(error.to_string())
    }
}

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Data(sentence)) => {
            eprintln!("clickfold: {sentence}");
            ExitCode::from(1)
        }
        Err(Failure::Usage(sentence)) => {
            eprintln!("clickfold: {sentence}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run(args: Vec<String>) -> Result<(), Failure> {
    let mut options = LoadOptions::default();
    let mut format = "table".to_owned();
    let mut dialect = Dialect::DuckDb;
    let mut words = Vec::new();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let mut value = |name: &str| args.next().ok_or_else(|| Failure::Usage(format!("{name} needs a value")));
        match arg.as_str() {
            "--format" => format = value("--format")?,
            "--separator" => options.format.separator = Some(value("--separator")?.replace("\\t", "\t")),
            "--dialect" => {
                dialect = Dialect::parse(&value("--dialect")?).map_err(|error| Failure::Usage(error.to_string()))?;
            }
            "--pattern" => options.format.pattern = Some(value("--pattern")?),
            "--encoding" => options.format.encoding = Some(value("--encoding")?),
            "--kind" => {
                let kind = value("--kind")?;
                let known = Format::ALL.into_iter().find(|format| format.name() == kind);
                let names = || Format::ALL.map(Format::name).join(", ");
                options.format.kind =
                    Some(known.ok_or_else(|| Failure::Usage(format!("unknown kind {kind:?}; known are {}", names())))?);
            }
            "--timezone" => {
                let name = value("--timezone")?;
                options.zone = Some(Arc::new(zone(&name)?));
                options.timezone = Some(name);
            }
            "--no-header" => options.format.header = Some(false),
            "--schema" => {
                let schema = value("--schema")?;
                options.schema =
                    serde_json::from_str(&schema).map_err(|e| Failure::Usage(format!("cannot read --schema: {e}")))?;
            }
            "--clean" => {
                let recipe = value("--clean")?;
                let json = if recipe.trim_start().starts_with('[') { recipe } else { read_text(&recipe)? };
                options.clean = serde_json::from_str(&json).map_err(|e| Failure::Data(format!("cannot read the recipe: {e}")))?;
                options.zones = zones(clickfold::clean::zones(options.clean.as_deref().unwrap_or_default()))?;
            }
            "-h" | "--help" | "help" => return print(USAGE.as_bytes()).and_then(|()| print(b"\n")),
            "--version" => return print(concat!("clickfold ", env!("CARGO_PKG_VERSION"), "\n").as_bytes()),
            flag if flag.starts_with("--") => return Err(Failure::Usage(format!("unknown option {flag}"))),
            _ => words.push(arg),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["schema", ref files @ ..] if !files.is_empty() => schema(&load(files, &options)?, &format),
        ["query", query, ref files @ ..] if !files.is_empty() => query_files(query, files, &options, &format),
        ["report", ref files @ ..] if !files.is_empty() => {
            let report =
                serde_json::to_string_pretty(load(files, &options)?.report()).map_err(|e| Failure::Data(e.to_string()))?;
            print(format!("{report}\n").as_bytes())
        }
        ["sql", _] if options.schema.is_empty() => {
            Err(Failure::Usage("sql needs the columns' types: a FILE, or --schema with the type of each".to_owned()))
        }
        ["sql", query, ref files @ ..] => {
            let query = read_query(query)?;
            let schema = if files.is_empty() { options.told_schema()? } else { load(files, &options)?.schema().clone() };
            print(format!("{}\n", query.sql(&schema, dialect)?).as_bytes())
        }
        [] => Err(Failure::Usage("say what to do".to_owned())),
        [command, ..] if ["schema", "query", "report", "sql"].contains(&command) => {
            Err(Failure::Usage(format!("wrong arguments for {command}")))
        }
        [command, ..] => Err(Failure::Usage(format!("unknown command {command}"))),
    }
}

fn query_files(query: &str, files: &[&str], options: &LoadOptions, format: &str) -> Result<(), Failure> {
    let query = read_query(query)?;
    let answer = load(files, options)?.query(&query, &zones(query.zones())?)?;
    match format {
        "table" => print(text::to_table(&answer).as_bytes()),
        "csv" => print(text::to_csv(&answer).as_bytes()),
        "json" => print(text::to_json(&answer).as_bytes()),
        "arrow" => print(&frame::write(&answer)?),
        other => Err(Failure::Usage(format!("unknown format {other}; known are table, csv, json, arrow"))),
    }
}

fn read_query(query: &str) -> Result<Query, Failure> {
    let json = if query.trim_start().starts_with('{') { query.to_owned() } else { read_text(query)? };
    let json: serde_json::Value = serde_json::from_str(&json).map_err(|e| Failure::Data(format!("{query} is not JSON: {e}")))?;
    Ok(Query::parse(&json)?)
}

fn read_text(path: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let read = source::open(path, None)?.bytes.read_to_string(&mut text);
    read.map_err(|e| Failure::Data(format!("cannot read {path}: {e}")))?;
    Ok(text)
}

fn schema(data: &Dataset, format: &str) -> Result<(), Failure> {
    let columns = data.columns();
    let out = match format {
        "json" => serde_json::to_string_pretty(&columns).map_err(|e| Failure::Data(e.to_string()))? + "\n",
        "table" | "csv" => {
            let rows = columns.iter().map(|c| {
                [c.name, c.column_type, c.role.unwrap_or(""), &c.nulls.to_string(), &c.bytes.to_string()].map(str::to_owned)
            });
            let header = ["name", "type", "role", "nulls", "bytes"].map(str::to_owned);
            lines(std::iter::once(header).chain(rows).collect(), format == "csv")
        }
        other => return Err(Failure::Usage(format!("unknown format {other}; known are table, csv, json"))),
    };
    print(out.as_bytes())
}

fn lines(rows: Vec<[String; 5]>, csv: bool) -> String {
    let width = |i: usize| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
    let line = |row: &[String; 5]| {
        if csv {
            let quote = |cell: &String| {
                if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
            };
            return row.iter().map(quote).collect::<Vec<_>>().join(",") + "\n";
        }
        let cells: Vec<String> = row.iter().enumerate().map(|(i, cell)| format!("{cell:<w$}", w = width(i))).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

fn load(files: &[&str], options: &LoadOptions) -> Result<Dataset, Failure> {
    if let [file] = files {
        return load_file(file, options);
    }
    let one = options.of_one_source();
    let loaded = files.iter().map(|file| Ok(((*file).to_owned(), load_file(file, &one)?)));
    Ok(Dataset::unite_and_clean(loaded.collect::<Result<_, Failure>>()?, options.clone())?)
}

fn load_file(path: &str, options: &LoadOptions) -> Result<Dataset, Failure> {
    #[cfg(feature = "parquet")]
    if let Some(data) = ranged::load(path, options)? {
        return Ok(data);
    }
    let mut text = source::open(path, options.format.encoding.as_deref())?;
    let mut options = options.clone();
    options.format.encoding = Some(text.encoding.to_owned());
    let mut loader = Loader::new(options)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match text.bytes.read(&mut buffer) {
            Ok(0) => return loader.finish().map_err(|e| Failure::Data(format!("{path}: {e}"))),
            Ok(n) => loader.push(&buffer[..n]).map_err(|e| Failure::Data(format!("{path}: {e}")))?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Failure::Data(format!("cannot read {path}: {e}"))),
        }
    }
}

/// The time zones of these names.
fn zones(names: Vec<String>) -> Result<Zones, Failure> {
    names.into_iter().map(|name| Ok((name.clone(), zone(&name)?))).collect()
}

/// A time zone, from the bundled IANA database.
fn zone(name: &str) -> Result<Zone, Failure> {
    let unknown = |_| Failure::Data(format!("unknown time zone {name:?}; write an IANA name such as \"Asia/Shanghai\""));
    let zone = jiff::tz::TimeZone::get(name).map_err(unknown)?;
    let start = jiff::Timestamp::from_second(-2_208_988_800).map_err(|e| Failure::Data(e.to_string()))?; // 1900
    let end = jiff::Timestamp::from_second(4_102_444_800).map_err(|e| Failure::Data(e.to_string()))?; // 2100
    let mut changes = vec![(start.as_second(), zone.to_offset(start).seconds())];
    let following = zone.following(start).take_while(|change| change.timestamp() < end);
    changes.extend(following.map(|change| (change.timestamp().as_second(), change.offset().seconds())));
    Ok(Zone::new(changes))
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    match io::stdout().write_all(bytes) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Data(format!("cannot write: {e}"))),
        _ => Ok(()),
    }
}
