//! Which headers are known, and what roles and words follow.

use super::*;
use crate::event::{ColumnType, TimeUnit};

fn names(header: &str) -> Vec<String> {
    header.split(',').map(str::to_owned).collect()
}

#[test]
fn each_is_known_by_its_own_columns_in_any_order_and_case() {
    for preset in all() {
        let mut header = names(&preset.required.join(",").to_uppercase());
        header.reverse();
        header.insert(0, "something else".to_owned());
        assert_eq!(Preset::of(&header).map(|found| found.name), Some(preset.name));
        for missing in 1..header.len() {
            let mut fewer = header.clone();
            fewer.remove(missing);
            let found = Preset::of(&fewer).map(|found| found.required.len());
            assert!(found.is_none_or(|n| n < preset.required.len()), "{} without {}", preset.name, header[missing]);
        }
    }
}

#[test]
fn the_one_that_asks_for_more_wins() {
    let both = names("user_id,item_id,category_id,behavior,timestamp,session_id,category");
    assert_eq!(Preset::of(&both).map(|preset| preset.name), Some("Taobao user behavior"));
}

#[test]
fn tables_hold_what_can_be_meant() {
    for preset in all() {
        assert!(!preset.notes.is_empty(), "{}", preset.name);
        for action in preset.actions {
            assert!(["view", "favorite", "cart", "uncart", "checkout", "buy"].contains(&action.meaning), "{action:?}");
        }
        for note in preset.notes {
            assert!(note.ends_with('.') && note.chars().next().is_some_and(char::is_uppercase), "{note}");
        }
        // A role whose column is required comes before any other for the same role only where it is surer.
        for &(role, name) in preset.roles {
            let column = |name: &str| Column { name: name.to_owned(), column_type: ColumnType::Null, role: None };
            let mut alone = [column("a"), column(name)];
            for column_type in [ColumnType::Int, ColumnType::Time { unit: TimeUnit::Second }] {
                alone.iter_mut().for_each(|column| (column.column_type, column.role) = (column_type, None));
                preset.give_roles(&mut alone);
                assert_eq!(alone[0].role, None);
                assert_eq!(alone[1].role.is_some(), role.accepts(column_type), "{}: {name}", preset.name);
            }
        }
    }
}

#[test]
fn roles_that_are_told_stay() {
    let preset = Preset::of(&names("timestamp,visitorid,event,itemid,transactionid")).unwrap();
    let mut columns = [("visitorid", None), ("itemid", None), ("other", Some(Role::Actor)), ("event", Some(Role::Channel))]
        .map(|(name, role)| Column { name: name.to_owned(), column_type: ColumnType::Int, role });
    preset.give_roles(&mut columns);
    assert_eq!(columns.map(|column| column.role), [None, Some(Role::Item), Some(Role::Actor), Some(Role::Channel)]);
}
