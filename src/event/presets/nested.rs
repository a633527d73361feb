//! Exports that come as JSON, mostly: names of nested keys are joined by dots.

use super::{Preset, action};
use crate::event::Role;

/// Those that a first visit with a CSV file does not need.
pub(super) const NESTED: &[Preset] = &[
    Preset {
        name: "OTTO sessions",
        required: &["session", "aid", "ts", "type"],
        roles: &[(Role::Session, "session"), (Role::Item, "aid"), (Role::Action, "type"), (Role::Time, "ts")],
        actions: &[action("clicks", "view"), action("carts", "cart"), action("orders", "buy")],
        notes: &["There is no user: a session is all that is known of whoever came."],
    },
    Preset {
        name: "Google Analytics 4 in BigQuery",
        required: &["event_name", "event_timestamp", "user_pseudo_id"],
        roles: &[
            (Role::Actor, "user_pseudo_id"),
            (Role::Session, "event_params.ga_session_id"),
            (Role::Action, "event_name"),
            (Role::Time, "event_timestamp"),
            (Role::Order, "ecommerce.transaction_id"),
            (Role::Price, "event_value_in_usd"),
            (Role::Channel, "traffic_source.source"),
        ],
        actions: &[
            action("view_item", "view"),
            action("add_to_wishlist", "favorite"),
            action("add_to_cart", "cart"),
            action("remove_from_cart", "uncart"),
            action("begin_checkout", "checkout"),
            action("purchase", "buy"),
        ],
        notes: &[
            "A session's number is unique only together with its user.",
            "Times are counted in UTC; event_date is by the clock of the property.",
            "The traffic source says how the user first came, not how the session began.",
        ],
    },
    Preset {
        name: "PostHog events",
        required: &["uuid", "event", "timestamp", "distinct_id"],
        roles: &[
            (Role::Actor, "person_id"),
            (Role::Actor, "distinct_id"),
            (Role::Session, "session_id"),
            (Role::Session, "properties.$session_id"),
            (Role::Action, "event"),
            (Role::Time, "timestamp"),
            (Role::Channel, "properties.$referring_domain"),
            (Role::Channel, "properties.utm_source"),
        ],
        actions: &[action("$pageview", "view")],
        notes: &["Events whose name begins with $ are PostHog's own; $autocapture is any click."],
    },
    Preset {
        name: "Mixpanel events",
        required: &["event", "properties.time", "properties.distinct_id"],
        roles: &[
            (Role::Actor, "properties.distinct_id"),
            (Role::Action, "event"),
            (Role::Time, "properties.time"),
            (Role::Channel, "properties.utm_source"),
        ],
        actions: &[],
        notes: &["The same event may have come twice: those of one $insert_id are one."],
    },
    Preset {
        name: "Matomo visits",
        required: &["idVisit", "visitorId", "serverTimestamp"],
        roles: &[
            (Role::Actor, "visitorId"),
            (Role::Session, "idVisit"),
            (Role::Action, "type"),
            (Role::Time, "timestamp"),
            (Role::Time, "serverTimestamp"),
            (Role::Channel, "referrerName"),
        ],
        actions: &[action("action", "view"), action("ecommerceAbandonedCart", "cart"), action("ecommerceOrder", "buy")],
        notes: &["What is of the whole visit stands on each of its actions' rows: count visits by idVisit."],
    },
    Preset {
        name: "Snowplow events",
        required: &["event_id", "event", "collector_tstamp", "domain_userid"],
        roles: &[
            (Role::Actor, "domain_userid"),
            (Role::Session, "domain_sessionid"),
            (Role::Action, "event_name"),
            (Role::Action, "event"),
            (Role::Time, "derived_tstamp"),
            (Role::Time, "collector_tstamp"),
            (Role::Price, "ti_price"),
            (Role::Quantity, "ti_quantity"),
            (Role::Order, "tr_orderid"),
            (Role::Channel, "mkt_source"),
        ],
        actions: &[action("page_view", "view"), action("add_to_cart", "cart"), action("transaction", "buy")],
        notes: &["An event may have come twice: those of one event_id are one."],
    },
];
