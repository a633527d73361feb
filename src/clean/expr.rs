//! Expressions of a `derive`: `price * quantity`, `coalesce(brand, 'none')`, `hour(time, 'Asia/Shanghai')`.
//!
//! Numbers are exact decimals; texts stand between single quotes, names of columns bare or between double quotes, and a quote
//! within is written twice.

use crate::error::spec::unknown;
use crate::kernel::number::parse_decimal;
use crate::{Error, Result};

/// How deep expressions may be nested: each level takes a call.
const DEEPEST: usize = 100;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// So many units of `10^-scale`.
    Number {
        units: i128,
        scale: u8,
    },
    Text(String),
    Column(String),
    Negate(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Coalesce,
    Lower,
    Upper,
    Split,
    Year,
    Month,
    Day,
    Hour,
    Weekday,
    Length,
    Concat,
}

/// Each function by its name, with the numbers of arguments that it takes.
const FUNCTIONS: [(&str, Function, std::ops::RangeInclusive<usize>); 11] = [
    ("coalesce", Function::Coalesce, 1..=100),
    ("lower", Function::Lower, 1..=1),
    ("upper", Function::Upper, 1..=1),
    ("split", Function::Split, 3..=3),
    ("year", Function::Year, 1..=2),
    ("month", Function::Month, 1..=2),
    ("day", Function::Day, 1..=2),
    ("hour", Function::Hour, 1..=2),
    ("weekday", Function::Weekday, 1..=2),
    ("length", Function::Length, 1..=1),
    ("concat", Function::Concat, 1..=100),
];

impl Function {
    /// Its name in expressions.
    pub(super) fn name(self) -> &'static str {
        FUNCTIONS.iter().find(|(_, function, _)| *function == self).map_or("", |(name, ..)| name)
    }

    /// Whether it looks at a clock, which its second argument may name the time zone of.
    pub(super) fn is_of_clock(self) -> bool {
        matches!(self, Self::Year | Self::Month | Self::Day | Self::Hour | Self::Weekday)
    }
}

impl Expr {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` with the place of the character at which it cannot be read further.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser { text, at: 0 };
        let (expr, _) = parser.sum(0)?;
        parser.skip_blanks();
        if parser.at < text.len() {
            return Err(parser.expected("an operator or the end"));
        }
        Ok(expr)
    }

    /// The texts that name the time zones of clocks.
    pub(super) fn zones(&self, into: &mut Vec<String>) {
        match self {
            Self::Number { .. } | Self::Text(_) | Self::Column(_) => {}
            Self::Negate(inner) => inner.zones(into),
            Self::Binary(_, a, b) => {
                a.zones(into);
                b.zones(into);
            }
            Self::Call(function, arguments) => {
                arguments.iter().for_each(|argument| argument.zones(into));
                if let (true, Some(Self::Text(zone))) = (function.is_of_clock(), arguments.get(1)) {
                    into.push(zone.clone());
                }
            }
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    /// The next byte.
    at: usize,
}

/// An expression and how deep it is.
type Parsed = (Expr, usize);

impl Parser<'_> {
    fn sum(&mut self, depth: usize) -> Result<Parsed> {
        let mut left = self.product(depth)?;
        loop {
            let operator = match self.peek() {
                Some('+') => Operator::Add,
                Some('-') => Operator::Subtract,
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.product(depth)?;
            left = self.binary(operator, left, right)?;
        }
    }

    fn product(&mut self, depth: usize) -> Result<Parsed> {
        let mut left = self.unary(depth)?;
        loop {
            let operator = match self.peek() {
                Some('*') => Operator::Multiply,
                Some('/') => Operator::Divide,
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.unary(depth)?;
            left = self.binary(operator, left, right)?;
        }
    }

    fn binary(&self, operator: Operator, left: Parsed, right: Parsed) -> Result<Parsed> {
        let depth = self.within(left.1.max(right.1) + 1)?;
        Ok((Expr::Binary(operator, Box::new(left.0), Box::new(right.0)), depth))
    }

    fn unary(&mut self, depth: usize) -> Result<Parsed> {
        self.within(depth)?;
        if self.peek() == Some('-') {
            self.at += 1;
            let (inner, depth) = self.unary(depth + 1)?;
            return Ok((Expr::Negate(Box::new(inner)), self.within(depth + 1)?));
        }
        self.primary(depth)
    }

    fn primary(&mut self, depth: usize) -> Result<Parsed> {
        match self.peek() {
            Some('(') => {
                self.at += 1;
                let inner = self.sum(depth + 1)?;
                self.expect(')')?;
                Ok(inner)
            }
            Some('\'') => Ok((Expr::Text(self.quoted('\'')?), 1)),
            Some('"') => Ok((Expr::Column(self.quoted('"')?), 1)),
            Some(c) if c.is_ascii_digit() || c == '.' => Ok((self.number()?, 1)),
            Some(c) if c.is_alphabetic() || c == '_' => self.name(depth),
            _ => Err(self.expected("a number, a text, a column or a function")),
        }
    }

    /// A column, or a function and its arguments.
    fn name(&mut self, depth: usize) -> Result<Parsed> {
        let start = self.at;
        self.skip_while(|c| c.is_alphanumeric() || c == '_');
        let name = &self.text[start..self.at];
        if self.peek() != Some('(') {
            return Ok((Expr::Column(name.to_owned()), 1));
        }
        let names = FUNCTIONS.map(|(name, ..)| name);
        let known = FUNCTIONS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        let Some((known, function, takes)) = known else {
            return Err(unknown(&format!("function {name:?} in the expression"), name, &names));
        };
        self.at += 1;
        let (mut arguments, mut deepest) = (vec![], 0);
        if self.peek() != Some(')') {
            loop {
                let (argument, depth) = self.sum(depth + 1)?;
                arguments.push(argument);
                deepest = deepest.max(depth);
                if self.peek() != Some(',') {
                    break;
                }
                self.at += 1;
            }
        }
        self.expect(')')?;
        if !takes.contains(&arguments.len()) {
            let (least, most) = (takes.start(), takes.end());
            let range = if least == most { least.to_string() } else { format!("{least} to {most}") };
            return Err(Error::bad_query(format!("{known} takes {range} arguments, found {}", arguments.len())));
        }
        Ok((Expr::Call(*function, arguments), self.within(deepest + 1)?))
    }

    fn number(&mut self) -> Result<Expr> {
        let start = self.at;
        self.skip_while(|c| c.is_ascii_digit() || c == '.');
        let digits = self.text[start..self.at].trim_start_matches('0');
        let digits = if digits.starts_with('.') || digits.is_empty() { format!("0{digits}") } else { digits.to_owned() };
        match parse_decimal(digits.as_bytes()) {
            Some(number) => Ok(Expr::Number { units: number.units, scale: number.scale }),
            None => {
                self.at = start;
                Err(self.expected("a number"))
            }
        }
    }

    /// A text between quotes, its own being written twice.
    fn quoted(&mut self, quote: char) -> Result<String> {
        let start = self.at;
        let mut text = String::new();
        let mut rest = self.text[start + 1..].char_indices().peekable();
        while let Some((at, c)) = rest.next() {
            if c != quote {
                text.push(c);
            } else if rest.peek().is_some_and(|&(_, next)| next == quote) {
                text.push(quote);
                rest.next();
            } else {
                self.at = start + 1 + at + 1;
                return Ok(text);
            }
        }
        Err(self.expected(&format!("an end of what {quote} begins")))
    }

    fn expect(&mut self, wanted: char) -> Result<()> {
        if self.peek() != Some(wanted) {
            return Err(self.expected(&format!("{wanted:?}")));
        }
        self.at += 1;
        Ok(())
    }

    /// The next character that is no blank.
    fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.text[self.at..].chars().next()
    }

    fn skip_blanks(&mut self) {
        self.skip_while(char::is_whitespace);
    }

    fn skip_while(&mut self, belongs: impl Fn(char) -> bool) {
        let rest = &self.text[self.at..];
        self.at += rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    }

    fn within(&self, depth: usize) -> Result<usize> {
        if depth > DEEPEST {
            return Err(Error::bad_query(format!(
                "the expression is nested more than {DEEPEST} deep; derive a part of it first"
            )));
        }
        Ok(depth)
    }

    fn expected(&self, what: &str) -> Error {
        let place = self.text[..self.at].chars().count() + 1;
        let found = self.text[self.at..].chars().next().map_or("the end".to_owned(), |c| format!("{c:?}"));
        Error::bad_query(format!("expected {what} at character {place} of the expression {:?}, found {found}", self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_that_cannot_be_read_say_where() {
        for (text, sentence) in [
            (
                "price *",
                "expected a number, a text, a column or a function at character 8 of the expression \"price *\", found the end",
            ),
            ("(a + b", "expected ')' at character 7 of the expression \"(a + b\", found the end"),
            ("a b", "expected an operator or the end at character 3 of the expression \"a b\", found 'b'"),
            ("1.2.3", "expected a number at character 1 of the expression \"1.2.3\", found '1'"),
            ("'x", "expected an end of what ' begins at character 1 of the expression \"'x\", found '\\''"),
            ("é + ?", "expected a number, a text, a column or a function at character 5 of the expression \"é + ?\", found '?'"),
            ("colesce(a)", "unknown function \"colesce\" in the expression; did you mean \"coalesce\"?"),
            ("split(a, ',')", "split takes 3 arguments, found 2"),
        ] {
            assert_eq!(Expr::parse(text).unwrap_err().to_string(), sentence);
        }
        let deep = [format!("{}a{}", "(".repeat(5_000), ")".repeat(5_000)), "-".repeat(5_000), vec!["a"; 5_000].join("+")];
        for text in deep {
            assert!(Expr::parse(&text).is_err());
        }
    }

    #[test]
    fn multiplication_binds_before_addition_and_both_from_the_left() {
        for (a, b) in [
            ("a - b - c", "(a - b) - c"),
            ("a + b * -c", "a + (b * (-c))"),
            ("a/b/c*d", "((a/b)/c)*d"),
            ("\"a\"+.50", "a + 0.50"),
            ("COALESCE( a,'it''s' )", "coalesce(a, 'it''s')"),
        ] {
            assert_eq!(Expr::parse(a).unwrap(), Expr::parse(b).unwrap());
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[a-c0-9.+*/()'\", é-]{0,40}") {
            let _ = Expr::parse(&text);
        }
    }
}
