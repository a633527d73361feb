//! `bots`: the rows of known bots and crawlers, by a list of parts of user agents, `src/clean/bots.txt`.

use arrow_array::Array;

use super::impute::put_marks;
use super::recipe::need_text;
use super::{Action, Work};
use crate::error::spec::Spec;
use crate::event::ColumnType;
use crate::kernel::column;
use crate::{Error, Result};

const LIST: &str = include_str!("bots.txt");

/// `bots`: leaves out the rows whose user agent is a known bot's, or marks them in a column of booleans. A row without a
/// user agent is none's.
#[derive(Debug)]
pub(super) struct Bots {
    column: String,
    mark: Option<String>,
}

impl Bots {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let column = need_text(spec, "column")?;
        Ok(Self { column, mark: spec.text("mark")?.map(str::to_owned) })
    }
}

impl Action for Bots {
    fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        let at = work.table.index_of(&self.column)?;
        if !matches!(work.table.types()[at], ColumnType::Text | ColumnType::Null) {
            let sentence =
                format!("a user agent is a text; column {:?} is of type {}", self.column, work.table.types()[at].name());
            return Err(Error::bad_query(sentence).at_column(&self.column));
        }
        let list = List::new(LIST);
        let mut are_bots = vec![];
        // All batches have one dictionary.
        let mut known: Vec<Option<bool>> = vec![];
        for column in work.table.written(at)? {
            let (codes, texts) = column::codes(&column.array)?;
            known.resize(texts.len(), None);
            for (row, &code) in codes.iter().enumerate() {
                let is_bot = || list.has(texts.value(code as usize));
                are_bots.push(column.array.is_valid(row) && *known[code as usize].get_or_insert_with(is_bot));
            }
        }
        if let Some(mark) = &self.mark {
            put_marks(work, mark, &are_bots)?;
            work.report.changed = are_bots.len() as u64;
            return Ok(());
        }
        are_bots.iter_mut().for_each(|is_bot| *is_bot = !*is_bot);
        work.report.filtered = work.keep_marked(&are_bots)?;
        Ok(())
    }
}

/// Parts of user agents.
struct List<'a> {
    parts: Vec<&'a str>,
    /// Parts that no letter may follow.
    ends: Vec<&'a str>,
    /// What is no bot, though it looks so.
    others: Vec<&'a str>,
}

impl<'a> List<'a> {
    fn new(text: &'a str) -> Self {
        let mut list = Self { parts: vec![], ends: vec![], others: vec![] };
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match (line.strip_prefix('!'), line.strip_suffix('$')) {
                (Some(other), _) => list.others.push(other),
                (None, Some(end)) => list.ends.push(end),
                (None, None) => list.parts.push(line),
            }
        }
        list
    }

    fn has(&self, user_agent: &str) -> bool {
        let mut text = user_agent.to_lowercase();
        for other in &self.others {
            text = text.replace(other, " ");
        }
        let ends = |end: &&str| {
            let mut behind = text.match_indices(end).map(|(at, found)| text[at + found.len()..].chars().next());
            behind.any(|next| next.is_none_or(|next| !next.is_alphabetic()))
        };
        self.parts.iter().any(|part| text.contains(part)) || self.ends.iter().any(ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_bots_from_browsers() {
        let list = List::new(LIST);
        for (user_agent, is_bot) in [
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", true),
            ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/116.0", true),
            ("SomeNewBot", true),
            ("curl/8.5.0", true),
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36", true),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36", false),
            ("Mozilla/5.0 (Linux; Android 11; CUBOT P40) AppleWebKit/537.36 Chrome/99.0 Mobile Safari/537.36", false),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile Safari/604.1",
                false,
            ),
            ("Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko Bottega", false),
            ("é", false),
            ("", false),
        ] {
            assert_eq!(list.has(user_agent), is_bot, "{user_agent}");
        }
        assert!(LIST.lines().next().is_some_and(|line| line.contains("as of 20")));
    }
}
