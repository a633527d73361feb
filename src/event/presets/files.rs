//! Exports that come as delimited text.
//!
//! Columns and rules are those of the vendors' documents and of the data sets' own pages.

use super::{Preset, action};
use crate::event::Role;

/// Those that a file with or without a header can be.
pub(super) const FILES: &[Preset] = &[
    Preset {
        name: "Taobao user behavior",
        required: &["user_id", "item_id", "category_id", "behavior", "timestamp"],
        roles: &[
            (Role::Actor, "user_id"),
            (Role::Item, "item_id"),
            (Role::Category, "category_id"),
            (Role::Action, "behavior"),
            (Role::Time, "timestamp"),
        ],
        actions: &[action("pv", "view"), action("fav", "favorite"), action("cart", "cart"), action("buy", "buy")],
        notes: &["Times are counted in UTC, and the shop's clock is eight hours ahead: group by days of Asia/Shanghai."],
    },
    Preset {
        name: "Tianchi mobile user behavior",
        required: &["user_id", "item_id", "behavior_type", "user_geohash", "item_category", "time"],
        roles: &[
            (Role::Actor, "user_id"),
            (Role::Item, "item_id"),
            (Role::Category, "item_category"),
            (Role::Action, "behavior_type"),
            (Role::Time, "time"),
        ],
        actions: &[action("1", "view"), action("2", "favorite"), action("3", "cart"), action("4", "buy")],
        notes: &["Times are full hours, so the order of an actor's actions within an hour is that of the rows."],
    },
    Preset {
        name: "RetailRocket events",
        required: &["timestamp", "visitorid", "event", "itemid", "transactionid"],
        roles: &[
            (Role::Actor, "visitorid"),
            (Role::Item, "itemid"),
            (Role::Action, "event"),
            (Role::Time, "timestamp"),
            (Role::Order, "transactionid"),
        ],
        actions: &[action("view", "view"), action("addtocart", "cart"), action("transaction", "buy")],
        notes: &["Only transactions have a transaction id; one of several items is as many rows."],
    },
    Preset {
        name: "REES46 events",
        required: &[
            "event_time",
            "event_type",
            "product_id",
            "category_id",
            "category_code",
            "brand",
            "price",
            "user_id",
            "user_session",
        ],
        roles: &[
            (Role::Actor, "user_id"),
            (Role::Session, "user_session"),
            (Role::Item, "product_id"),
            (Role::Category, "category_code"),
            (Role::Action, "event_type"),
            (Role::Time, "event_time"),
            (Role::Price, "price"),
        ],
        actions: &[
            action("view", "view"),
            action("cart", "cart"),
            action("remove_from_cart", "uncart"),
            action("purchase", "buy"),
        ],
        notes: &["There is no order id and no quantity: each purchase row is one item at its price."],
    },
    Preset {
        name: "YOOCHOOSE clicks",
        required: &["session_id", "timestamp", "item_id", "category"],
        roles: &[(Role::Session, "session_id"), (Role::Item, "item_id"), (Role::Category, "category"), (Role::Time, "timestamp")],
        actions: &[],
        notes: &[
            "Category S is a special offer, 0 an unknown one, and a long number a brand.",
            "Every row is a click: there is no column of actions.",
        ],
    },
    Preset {
        name: "YOOCHOOSE buys",
        required: &["session_id", "timestamp", "item_id", "price", "quantity"],
        roles: &[
            (Role::Session, "session_id"),
            (Role::Item, "item_id"),
            (Role::Time, "timestamp"),
            (Role::Price, "price"),
            (Role::Quantity, "quantity"),
        ],
        actions: &[],
        notes: &["A price of 0 is one that was not recorded.", "Every row is a purchase: there is no column of actions."],
    },
    Preset {
        name: "UCI Online Retail",
        required: &["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"],
        roles: RETAIL,
        actions: &[],
        notes: RETAIL_NOTES,
    },
    Preset {
        name: "UCI Online Retail II",
        required: &["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"],
        roles: RETAIL,
        actions: &[],
        notes: RETAIL_NOTES,
    },
    Preset {
        name: "Shopify orders",
        required: &["Name", "Email", "Financial Status", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price"],
        roles: &[
            (Role::Actor, "Email"),
            (Role::Item, "Lineitem sku"),
            (Role::Item, "Lineitem name"),
            (Role::Category, "Vendor"),
            (Role::Time, "Created at"),
            (Role::Price, "Lineitem price"),
            (Role::Quantity, "Lineitem quantity"),
            (Role::Order, "Name"),
            (Role::Channel, "Source"),
        ],
        actions: &[],
        notes: &[
            "Each row is a line item: what is of the whole order, such as Total and Financial Status, stands only on the order's first row.",
            "Cancelled and refunded orders are in the file: see Cancelled at and Financial Status.",
        ],
    },
    Preset {
        name: "WooCommerce orders",
        required: &["order_id", "order_number", "order_date", "status", "order_total"],
        roles: &[
            (Role::Actor, "customer_id"),
            (Role::Actor, "customer_user"),
            (Role::Actor, "customer_email"),
            (Role::Time, "order_date"),
            (Role::Price, "order_total"),
            (Role::Order, "order_id"),
        ],
        actions: &[],
        notes: &[
            "The export has one row for each order, or one for each line item with the order's totals repeated, as it was asked for.",
            "Orders of every status are in the file; only completed and processing ones are paid.",
        ],
    },
    Preset {
        name: "Stripe payments",
        required: &["id", "Created date (UTC)", "Amount", "Amount Refunded", "Currency", "Status"],
        roles: STRIPE,
        actions: STRIPE_ACTIONS,
        notes: STRIPE_NOTES,
    },
    Preset {
        name: "Stripe payments",
        required: &["id", "Created (UTC)", "Amount", "Amount Refunded", "Currency", "Status"],
        roles: STRIPE,
        actions: STRIPE_ACTIONS,
        notes: STRIPE_NOTES,
    },
    Preset {
        name: "Plausible export",
        required: &["date", "visitors", "pageviews"],
        roles: &[(Role::Time, "date"), (Role::Channel, "source")],
        actions: &[],
        notes: PLAUSIBLE_NOTES,
    },
    Preset {
        name: "Plausible custom events",
        required: &["date", "name", "visitors", "events"],
        roles: &[(Role::Time, "date"), (Role::Action, "name")],
        actions: &[],
        notes: PLAUSIBLE_NOTES,
    },
];

const RETAIL: &[(Role, &str)] = &[
    (Role::Actor, "CustomerID"),
    (Role::Actor, "Customer ID"),
    (Role::Item, "StockCode"),
    (Role::Time, "InvoiceDate"),
    (Role::Price, "UnitPrice"),
    (Role::Price, "Price"),
    (Role::Quantity, "Quantity"),
    (Role::Order, "InvoiceNo"),
    (Role::Order, "Invoice"),
];
const RETAIL_NOTES: &[&str] = &[
    "An invoice whose number begins with C is a cancellation: its quantities are negative.",
    "Rows without a customer are sales all the same, but of nobody who can be followed.",
    "Some stock codes are no goods, such as POST for postage and M for a manual entry.",
];

const STRIPE: &[(Role, &str)] = &[
    (Role::Actor, "Customer ID"),
    (Role::Actor, "Customer Email"),
    (Role::Action, "Status"),
    (Role::Time, "Created date (UTC)"),
    (Role::Time, "Created (UTC)"),
    (Role::Price, "Amount"),
    (Role::Order, "id"),
];
const STRIPE_ACTIONS: &[super::Action] = &[action("Paid", "buy")];
const STRIPE_NOTES: &[&str] = &[
    "Failed and refunded payments are rows too: only those with the status Paid were paid and kept.",
    "Amounts are in each row's own currency.",
];

const PLAUSIBLE_NOTES: &[&str] = &[
    "Rows are totals of a day, not events: sum them instead of counting rows.",
    "Visitors of several days or rows may be the same ones, so their sums are upper bounds.",
];
