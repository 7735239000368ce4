//! The list of all cases, and the two ways to run it.

use super::super::table::Table;
use crate::clock::Clock;
use std::sync::Arc;

/// Makes one `#[tokio::test]` of each case of the store suite.
///
/// Takes an expression that gives a future of `(Arc<dyn Table>, Arc<dyn Clock>)`; it is evaluated once for each case.
/// Needs the features `macros` and `rt-multi-thread` of `tokio` where it stands.
#[macro_export]
macro_rules! table_conformance {
    ($open:expr) => {
        $crate::table_conformance! { @list tests [$open] }
    };
    (@list $use:ident $with:tt) => {
        $crate::table_conformance! { @$use $with
            conditions::exists_holds_of_a_stored_item_only
            conditions::absent_holds_of_a_missing_item_only
            conditions::equals_compares_value_and_kind
            conditions::differs_holds_of_a_missing_attribute_too
            conditions::at_least_and_at_most_include_their_bound
            conditions::bounds_hold_of_numbers_only
            conditions::bounds_or_nothing_hold_of_nothing
            conditions::has_and_lacks_ask_for_the_attribute
            conditions::all_conditions_of_a_write_must_hold
            conditions::a_failed_condition_carries_the_old_item
            conditions::a_check_changes_nothing
            changes::a_put_replaces_the_whole_item
            changes::an_update_makes_a_missing_item
            changes::set_replaces_and_set_if_missing_does_not
            changes::add_counts_from_zero_and_downwards
            changes::adding_to_a_text_is_refused
            changes::remove_takes_the_attribute_away
            changes::an_update_leaves_other_attributes_alone
            changes::expire_sets_and_lifts_the_end
            changes::a_write_answers_with_the_item_after_it
            changes::deleting_a_missing_item_is_no_error
            concurrency::a_counter_is_never_overdrawn
            concurrency::a_transaction_never_takes_half_of_a_budget
            concurrency::one_of_many_creators_wins
            endings::an_ended_item_is_not_read
            endings::an_ended_item_counts_as_absent_in_conditions
            endings::an_ended_item_is_not_shown_as_the_old_one
            endings::an_update_of_an_ended_item_starts_anew
            endings::an_item_that_ends_later_is_there
            endings::the_end_is_kept_in_whole_seconds
            limits::an_empty_key_is_refused
            limits::a_key_over_its_length_is_refused
            limits::an_item_over_the_limit_is_refused
            limits::an_update_that_grows_an_item_over_the_limit_is_refused
            limits::a_transaction_of_a_hundred_writes_is_done_and_one_more_is_refused
            limits::an_empty_transaction_is_refused
            limits::an_item_named_twice_is_refused
            limits::reserved_and_empty_names_are_refused
            limits::an_update_without_changes_or_with_a_name_twice_is_refused
            paging::a_partition_is_read_in_byte_order
            paging::a_partition_is_read_downwards
            paging::pages_join_without_gap_or_repeat
            paging::a_prefix_is_paged_both_ways
            paging::a_range_includes_both_ends_and_is_paged_both_ways
            paging::an_empty_prefix_is_everything
            paging::an_unknown_partition_is_empty
            tokens::the_same_call_again_is_a_no_op
            tokens::a_token_with_other_writes_is_refused
            tokens::a_failed_transaction_leaves_its_token_free
            tokens::many_callers_with_one_token_apply_it_once
            tokens::a_token_of_the_wrong_length_is_refused
            transactions::all_writes_of_a_transaction_happen
            transactions::a_failed_condition_undoes_all_writes
            transactions::a_failed_condition_is_named_with_its_old_item
            transactions::a_check_guards_the_other_writes
            transactions::an_item_too_large_undoes_all_writes
            values::every_kind_of_value_is_read_back
            values::extreme_numbers_are_read_back_and_compared
            values::unicode_keys_are_kept_apart
            values::keys_and_texts_may_hold_nul
            values::an_item_without_attributes_is_an_item
            values::keys_of_one_partition_are_not_found_in_another
        }
    };
    (@tests [$open:expr] $($room:ident :: $case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let (table, clock) = $open.await;
                $crate::store::conformance::$room::$case(table, clock).await;
            }
        )*
    };
    (@run [$table:ident $clock:ident] $($room:ident :: $case:ident)*) => {
        $(
            Box::pin($crate::store::conformance::$room::$case(::std::sync::Arc::clone(&$table), ::std::sync::Arc::clone(&$clock))).await;
        )*
    };
}

/// Runs every case, one after the other. Panics at the first that fails.
///
/// `clock` is the one that `table` reads.
pub async fn run_all(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    crate::table_conformance! { @list run [table clock] }
}
