//! Queries: order, ranges and pages, in both directions.

use super::super::table::{Query, SortRange, Table};
use super::fixture::Fixture;
use crate::clock::Clock;
use std::sync::Arc;

async fn with_sorts(table: Arc<dyn Table>, sorts: &[&str]) -> Fixture {
    let fixture = Fixture::new(table);
    for sort in sorts {
        fixture.put(fixture.item(sort).with("sort", *sort)).await;
    }
    fixture
}

/// Asks with pages of 1, 2, 3 and all at once, upwards and downwards; every way must give `wanted`.
async fn gives(fixture: &Fixture, range: SortRange, wanted: &[&str]) {
    for limit in [1, 2, 3, 100] {
        for descending in [false, true] {
            let range = range.clone();
            let query = Query { range, limit, descending, ..Query::partition(fixture.partition.as_str()) };
            let mut sorts = fixture.all_sorts(query.clone()).await;
            if descending {
                sorts.reverse();
            }
            assert_eq!(sorts, wanted, "{query:?}");
        }
    }
}

/// UTF-8's bytes decide, not letters or lengths.
pub async fn a_partition_is_read_in_byte_order(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let in_order = ["10", "9", "A", "Z", "a", "aa", "b", "é", "ﬁ", "𝕏"];
    let fixture = with_sorts(table, &["b", "𝕏", "aa", "é", "10", "ﬁ", "a", "Z", "9", "A"]).await;
    let page = fixture.table.query(&Query::partition(fixture.partition.as_str())).await.expect("a query succeeds");
    let sorts: Vec<_> = page.items.iter().map(|item| item.key.sort.as_str()).collect();
    assert_eq!(sorts, in_order);
    assert!(page.items.iter().all(|item| item.text("sort") == Some(item.key.sort.as_str())), "items are whole");
}

/// From the highest sort key down.
pub async fn a_partition_is_read_downwards(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_sorts(table, &["a", "b", "c"]).await;
    let query = Query { descending: true, limit: 2, ..Query::partition(fixture.partition.as_str()) };
    let page = fixture.table.query(&query).await.expect("a query succeeds");
    let sorts: Vec<_> = page.items.iter().map(|item| item.key.sort.as_str()).collect();
    assert_eq!(sorts, ["c", "b"]);
    assert_eq!(page.next.as_deref(), Some("b"));
}

/// More than a page of everything.
pub async fn pages_join_without_gap_or_repeat(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let sorts: Vec<String> = (0..25).map(|number| format!("{number:02}")).collect();
    let sorts: Vec<&str> = sorts.iter().map(String::as_str).collect();
    let fixture = with_sorts(table, &sorts).await;
    gives(&fixture, SortRange::All, &sorts).await;
}

/// `Prefix`.
pub async fn a_prefix_is_paged_both_ways(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_sorts(table, &["a", "a/", "a/1", "a/2", "a/é", "a/𝕏", "a0", "b/1", "A/1"]).await;
    gives(&fixture, SortRange::Prefix("a/".to_owned()), &["a/", "a/1", "a/2", "a/é", "a/𝕏"]).await;
    gives(&fixture, SortRange::Prefix("c".to_owned()), &[]).await;
}

/// `Between`.
pub async fn a_range_includes_both_ends_and_is_paged_both_ways(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_sorts(table, &["1", "2", "20", "3", "30", "4"]).await;
    let between = |first: &str, last: &str| SortRange::Between(first.to_owned(), last.to_owned());
    gives(&fixture, between("2", "3"), &["2", "20", "3"]).await;
    gives(&fixture, between("15", "29"), &["2", "20"]).await;
    gives(&fixture, between("5", "9"), &[]).await;
}

/// `Prefix` of nothing.
pub async fn an_empty_prefix_is_everything(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_sorts(table, &["a", "b"]).await;
    gives(&fixture, SortRange::Prefix(String::new()), &["a", "b"]).await;
}

/// No items.
pub async fn an_unknown_partition_is_empty(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    gives(&fixture, SortRange::All, &[]).await;
}
