//! What a column means to a shop, guessed from its name and type.

use super::{Column, ColumnType};

/// What a column means to a shop. A role belongs to at most one column of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Who acted: user, visitor, customer.
    Actor,
    /// The visit the event belongs to.
    Session,
    /// What was looked at or bought.
    Item,
    /// The item's category.
    Category,
    /// What was done: view, cart, buy.
    Action,
    /// When.
    Time,
    /// Price of one item.
    Price,
    /// How many items.
    Quantity,
    /// The order or invoice.
    Order,
    /// Where the visit came from.
    Channel,
}

impl Role {
    /// All roles, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Actor,
        Self::Session,
        Self::Item,
        Self::Category,
        Self::Action,
        Self::Time,
        Self::Price,
        Self::Quantity,
        Self::Order,
        Self::Channel,
    ];

    /// The role's name in queries and schemas, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Session => "session",
            Self::Item => "item",
            Self::Category => "category",
            Self::Action => "action",
            Self::Time => "time",
            Self::Price => "price",
            Self::Quantity => "quantity",
            Self::Order => "order",
            Self::Channel => "channel",
        }
    }

    /// The role called `name`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }

    /// Names that exports give such a column, surest first; letters and digits only, lower case.
    fn known_names(self) -> &'static [&'static str] {
        match self {
            Self::Actor => &[
                "userid",
                "visitorid",
                "customerid",
                "clientid",
                "memberid",
                "buyerid",
                "userpseudoid",
                "distinctid",
                "useruuid",
                "shopperid",
                "uid",
                // Of a web server's log, whose user is who logged in to the server itself: hardly anybody.
                "remotehost",
                "user",
                "visitor",
                "customer",
                "actor",
                "cookieid",
                "customeremail",
                "personid",
                "accountid",
                "customername",
            ],
            Self::Session => &["usersession", "sessionid", "session", "visitid", "gasessionid", "sid", "visit"],
            Self::Item => &[
                "itemid",
                "productid",
                "stockcode",
                "sku",
                "productsku",
                "aid",
                "articleid",
                "item",
                "product",
                "variantsku",
                "lineitemsku",
                "itemsku",
                "goodsid",
                "skuid",
                "asin",
                "productname",
                "itemname",
                "path",
            ],
            Self::Category => &[
                "categorycode",
                "categoryid",
                "itemcategory",
                "category",
                "productcategory",
                "producttype",
                "department",
                "catid",
                "subcategory",
            ],
            Self::Action => {
                &["behavior", "behaviortype", "behaviour", "eventtype", "eventname", "event", "action", "actiontype", "type"]
            }
            Self::Time => &[
                "timestamp",
                "eventtime",
                "time",
                "datetime",
                "eventtimestamp",
                "invoicedate",
                "orderdate",
                "ts",
                "createdat",
                "date",
                "eventdate",
                "purchasedate",
                "occurredat",
                "servertime",
                "daystr",
            ],
            Self::Price => {
                &["price", "unitprice", "itemprice", "productprice", "amount", "sales", "revenue", "value", "total", "spend"]
            }
            Self::Quantity => &["quantity", "qty", "units", "count", "itemquantity", "lineitemquantity"],
            Self::Order => &["orderid", "transactionid", "invoiceno", "invoiceid", "invoice", "ordernumber", "orderno", "order"],
            Self::Channel => &[
                "channel",
                "acquisitionchannel",
                "utmsource",
                "trafficsource",
                "source",
                "medium",
                "utmmedium",
                "sourcemedium",
                "referrer",
            ],
        }
    }

    /// Whether a column of that type can play the role.
    pub(super) fn accepts(self, column_type: ColumnType) -> bool {
        match self {
            Self::Time => matches!(column_type, ColumnType::Time { .. }),
            Self::Price => matches!(column_type, ColumnType::Decimal { .. } | ColumnType::Int),
            Self::Quantity => matches!(column_type, ColumnType::Int | ColumnType::Decimal { .. }),
            Self::Action => matches!(column_type, ColumnType::Text | ColumnType::Int),
            _ => !matches!(column_type, ColumnType::Time { .. } | ColumnType::Null),
        }
    }
}

/// Gives each role that no column has yet to the column whose name and type fit it best.
///
/// A name fits when its letters and digits equal a known one; among several, the surer name wins, then
/// the earlier column. Where no name says time, the first time column is taken.
///
/// ```
/// use clickfold::event::{Column, ColumnType, Role, TimeUnit, guess_roles};
/// let column = |name: &str, column_type| Column { name: name.into(), column_type, role: None };
/// let mut columns = [
///     column("event_time", ColumnType::Time { unit: TimeUnit::Second }),
///     column("Customer ID", ColumnType::Text),
/// ];
/// guess_roles(&mut columns);
/// assert_eq!(columns[0].role, Some(Role::Time));
/// assert_eq!(columns[1].role, Some(Role::Actor));
/// ```
pub fn guess_roles(columns: &mut [Column]) {
    for role in Role::ALL {
        if columns.iter().any(|c| c.role == Some(role)) {
            continue;
        }
        let rank = |c: &Column| role.known_names().iter().position(|n| *n == plain(&c.name));
        let fits = |c: &&mut Column| c.role.is_none() && role.accepts(c.column_type);
        let best = columns.iter_mut().filter(fits).filter_map(|c| Some((rank(c)?, c))).min_by_key(|(r, _)| *r);
        if let Some((_, column)) = best {
            column.role = Some(role);
        } else if role == Role::Time
            && let Some(column) = columns.iter_mut().find(fits)
        {
            column.role = Some(role);
        }
    }
}

/// The letters and digits of a name, in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TimeUnit;

    fn guess(columns: &[(&str, ColumnType)]) -> Vec<Option<&'static str>> {
        let mut columns: Vec<Column> =
            columns.iter().map(|&(n, t)| Column { name: n.into(), column_type: t, role: None }).collect();
        guess_roles(&mut columns);
        columns.iter().map(|c| c.role.map(Role::name)).collect()
    }

    #[test]
    fn knows_the_headers_of_common_exports() {
        use ColumnType::{Int, Text};
        let (time, money) = (ColumnType::Time { unit: TimeUnit::Second }, ColumnType::Decimal { scale: 2 });
        let tianchi = [
            ("user_id", Int),
            ("item_id", Int),
            ("behavior_type", Int),
            ("user_geohash", Text),
            ("item_category", Int),
            ("time", time),
        ];
        assert_eq!(guess(&tianchi), [Some("actor"), Some("item"), Some("action"), None, Some("category"), Some("time")]);
        let retail = [
            ("InvoiceNo", Text),
            ("StockCode", Text),
            ("Quantity", Int),
            ("InvoiceDate", time),
            ("UnitPrice", money),
            ("CustomerID", money),
        ];
        assert_eq!(guess(&retail), [Some("order"), Some("item"), Some("quantity"), Some("time"), Some("price"), Some("actor")]);
        let superstore = [
            ("Order ID", Text),
            ("Order Date", time),
            ("Ship Date", time),
            ("Product ID", Text),
            ("Category", Text),
            ("Sales", money),
        ];
        let log = [("remote_host", Text), ("user", Text), ("time", time), ("method", Text), ("path", Text), ("referrer", Text)];
        assert_eq!(guess(&log), [Some("actor"), None, Some("time"), None, Some("item"), Some("channel")]);
        let with_users = [("remote_host", Text), ("user_id", Text), ("path", Text), ("sku", Text)];
        assert_eq!(guess(&with_users), [None, Some("actor"), None, Some("item")]);
        assert_eq!(guess(&superstore), [Some("order"), Some("time"), None, Some("item"), Some("category"), Some("price")]);
    }
}
