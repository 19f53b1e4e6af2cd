//! What every backend of the store has to do: one suite, run on Redis and on the embedded file.
#![expect(clippy::expect_used, clippy::panic, reason = "a helper of a test fails the test")]

mod attempts;
mod backfills;
mod credentials;
mod directory;
mod entities;
mod leases;
mod ledger;
mod marks;
mod notices;
mod place;
mod together;
mod webhooks;
mod window;

use place::Place;

/// Makes of each `async fn name(place: &Place)` two tests, one on either backend.
macro_rules! on_both_backends {
    ($($module:ident :: $name:ident),* $(,)?) => {
        mod on_redis {
            use super::Place;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::$module::$name(&mut Place::on_redis().await).await;
            })*
        }

        mod embedded {
            use super::Place;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::$module::$name(&mut Place::embedded().await).await;
            })*
        }
    };
}

on_both_backends! {
    webhooks::a_webhook_comes_back_as_it_was_added,
    webhooks::adding_the_same_again_is_no_error_but_another_of_the_same_id_is,
    webhooks::an_update_of_an_old_version_is_a_conflict,
    webhooks::changes_made_at_once_are_all_kept,
    webhooks::a_change_that_changes_nothing_or_is_refused_writes_nothing,
    webhooks::the_indexes_follow_every_change,
    webhooks::a_list_goes_on_where_the_last_page_ended,
    credentials::secrets_come_back_and_rotate,
    credentials::rotations_made_at_once_are_all_kept,
    credentials::secrets_are_stored_sealed_and_open_under_their_key_only,
    credentials::a_renewed_token_replaces_both_tokens_at_once_in_every_directory,
    credentials::without_a_key_webhooks_are_read_and_changed_but_no_secrets,
    together::a_webhook_and_its_secrets_change_together,
    together::what_is_refused_or_missing_changes_neither,
    together::a_conflict_on_either_changes_neither,
    together::changes_of_both_made_at_once_are_all_kept,
    together::both_changes_arrive_in_every_directory,
    entities::an_entity_is_found_by_its_number_and_its_name,
    entities::a_name_of_two_entities_finds_none,
    entities::entities_are_listed_by_number,
    marks::a_marked_event_is_seen_and_others_are_not,
    marks::a_mark_ends_with_its_window,
    marks::many_callers_together_keep_to_the_rate,
    marks::slots_are_granted_up_to_the_burst_and_the_next_one_has_a_wait,
    marks::done_marks_belong_to_their_message_until_it_is_cleared,
    attempts::attempts_are_listed_in_order_and_followed_by_a_cursor,
    attempts::the_log_keeps_the_latest_attempts,
    attempts::answers_are_kept_for_the_latest_failures_only,
    attempts::reasons_and_answers_are_cut_to_their_limits,
    attempts::the_attempts_at_one_delivery_are_found,
    ledger::values_come_back_from_their_places,
    ledger::two_webhooks_do_not_see_each_others_values,
    ledger::values_survive_a_restart,
    ledger::values_written_at_once_are_all_kept,
    ledger::a_value_ends_with_its_lifetime_and_reading_is_a_use,
    ledger::forgetting_resources_leaves_lines_series_and_other_webhooks,
    ledger::what_is_too_long_is_refused_with_all_that_came_with_it,
    leases::a_lease_has_one_holder_until_it_is_released,
    leases::a_lease_ends_by_itself,
    leases::a_renewed_lease_goes_on_and_an_ended_one_is_not_renewed,
    backfills::a_backfill_comes_back_as_it_was_added,
    backfills::changes_of_a_backfill_made_at_once_are_all_kept,
    backfills::a_backfill_is_paused_by_one_of_many,
    backfills::a_refused_or_empty_change_writes_nothing_and_identity_stays,
    backfills::backfills_are_listed_newest_first_by_webhook_and_status,
    backfills::a_list_of_backfills_goes_on_where_the_last_page_ended,
    backfills::the_cursor_of_a_paused_backfill_survives_a_restart,
    backfills::what_never_enters_the_window_is_counted_too,
    window::a_window_takes_deliveries_up_to_its_capacity,
    window::several_callers_together_keep_to_the_capacity,
    window::a_delivery_is_counted_by_the_call_that_took_it_out,
    window::what_was_delivered_or_skipped_is_never_begun_again,
    window::nothing_is_begun_while_a_backfill_is_not_running,
    window::a_dropped_window_settles_as_nothing,
    window::more_than_a_chunk_is_taken_in_several_steps,
    window::neighbours_in_a_bucket_do_not_look_like_a_third,
    window::a_window_does_what_its_model_does,
    notices::notices_are_listed_newest_first,
    notices::the_pulse_is_the_largest_age_of_all_processes_and_ends,
    directory::changes_arrive_in_every_directory,
    directory::absence_is_remembered_until_something_is_added,
    directory::what_is_read_twice_is_the_same_copy,
}
