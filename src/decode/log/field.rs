//! What a log's fields mean, and the columns that they become.

/// How a field's text becomes cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// As it stands.
    Text,
    /// Digits: of a column of integers one broken line would make a column of texts.
    Number,
    /// Percent-encoded once.
    Percent,
    /// Percent-encoded, perhaps twice, as CloudFront does with user agents.
    PercentTwice,
    /// With `+` for each blank, as IIS does with user agents.
    Plus,
    /// `GET /path?query HTTP/1.1`.
    Request,
    /// The same with `https://host:port` ahead of the path.
    UrlRequest,
    /// `/path?query`.
    Target,
    /// `?query`, or nothing.
    Query,
    /// `client:port`.
    Address,
    /// HAProxy's last queue and, behind it, the headers that it was told to capture, if any.
    Queue,
    /// `17/May/2015:10:05:03 +0000`, with or without a fraction and a zone.
    ClfTime,
    /// ISO 8601.
    IsoTime,
    /// Seconds since 1970 with a fraction.
    SecondsTime,
    /// The date that belongs to another field's time of day, in UTC.
    Day,
    /// The time of day that belongs to another field's date, in UTC.
    TimeOfDay,
}

/// A field of a log's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// What it is called in plain words.
    pub(super) name: String,
    pub(super) what: What,
    /// An example of what stands within its text: it does not end at blanks and other marks that are there.
    pub(super) inside: &'static str,
}

impl Field {
    pub(super) fn new(name: &str, what: What) -> Self {
        let inside = match what {
            What::ClfTime => "17/May/2015:10:05:03 +0000",
            What::Request | What::UrlRequest => "GET / HTTP/1.1",
            _ => "",
        };
        Self { name: name.to_owned(), what, inside }
    }

    /// Of the request's header called that.
    pub(super) fn of_header(header: &str) -> Self {
        let name = plain(header);
        match name.as_str() {
            "referer" => Self::new("referrer", What::Text),
            _ => Self::new(&name, What::Text),
        }
    }

    /// The columns that its cells belong to, in the order in which [`Row::take`](super::value::Row::take) wants them.
    pub(super) fn columns(&self) -> Vec<&str> {
        match self.what {
            What::Request => vec!["method", "path", "query", "protocol"],
            What::UrlRequest => vec!["method", "path", "query", "protocol", "host"],
            What::Target => vec!["path", "query"],
            What::Address => vec!["remote_host", "remote_port"],
            What::Queue => vec![&self.name, "captured_headers"],
            _ => vec![&self.name],
        }
    }
}

/// Most columns that a field has.
pub(super) const MOST_OF_FIELD: usize = 5;

/// A field whose columns have their places.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) name: String,
    pub(super) what: What,
    pub(super) columns: [usize; MOST_OF_FIELD],
}

/// Gives the columns of a line's fields their places among `names`, behind which new ones are put. A name that two fields
/// have gets `_2`, `_3`, … but for date and time of day, which are one.
pub(super) fn slots(fields: &[Field], names: &mut Vec<String>) -> Vec<Slot> {
    let mut taken: Vec<usize> = vec![];
    let mut place = |name: &str, is_shared: bool| {
        let mut candidate = name.to_owned();
        let mut n = 2;
        loop {
            let at = names.iter().position(|known| *known == candidate).unwrap_or(names.len());
            if at == names.len() {
                names.push(candidate.clone());
            }
            if is_shared || !taken.contains(&at) {
                taken.push(at);
                return at;
            }
            candidate = format!("{name}_{n}");
            n += 1;
        }
    };
    let slot = |field: &Field| {
        let is_shared = matches!(field.what, What::Day | What::TimeOfDay);
        let mut columns = [0; MOST_OF_FIELD];
        for (column, name) in columns.iter_mut().zip(field.columns()) {
            *column = place(name, is_shared);
        }
        Slot { name: field.name.clone(), what: field.what, columns }
    };
    fields.iter().map(slot).collect()
}

/// A name in lower case whose letters and digits are kept and all else is one underscore: `cs_cookie` of `cs(Cookie)`.
pub(super) fn plain(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let plain = words.map(str::to_lowercase).collect::<Vec<_>>().join("_");
    if plain.is_empty() { "field".to_owned() } else { plain }
}
