//! The whole pipeline, from a published message to the receiver, as its users meet it: on RabbitMQ and Redis
//! with one process a role, and embedded in one process. Every scenario runs on both.

mod scenarios;

/// One test a scenario and installation.
macro_rules! on_both {
    ($($scenario:ident::$name:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() -> anyhow::Result<()> {
                crate::scenarios::$scenario::$name(tests::installation::Installation::embedded().await?).await
            })*
        }
        mod distributed {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() -> anyhow::Result<()> {
                crate::scenarios::$scenario::$name(tests::installation::Installation::distributed().await?).await
            })*
        }
    };
}

on_both! {
    arriving::each_line_item_reaches_the_webhooks_of_its_entity,
    arriving::a_message_published_twice_is_delivered_once,
    arriving::unknown_fields_are_carried_through_untouched,
    arriving::refunds_and_cancellations_reach_their_own_types,
    arriving::deliveries_are_signed_and_carry_credentials,
    arriving::a_public_key_verifies_what_a_webhook_signs_with_one,
    arriving::the_manager_of_a_form_hears_of_it_when_it_asked_to,
    arriving::what_came_before_the_activation_is_not_live,
    recording::supporter_databases_have_the_donor_and_every_payment,
    recording::takers_of_donations_have_every_payment_once,
    recording::advertising_and_lists_have_what_is_recent,
    recording::what_an_option_leaves_out_is_a_recorded_skip,
    repeating::van_is_asked_before_a_gift_is_sent_again,
    repeating::actionkit_knows_a_repeated_gift_and_later_payments_have_their_amount,
    trying::a_real_refund_knows_nothing_of_the_test_before_it,
    trying::tests_are_marked_and_show_no_secret,
    living::the_life_of_a_donor_is_told_whatever_the_order,
    refused::a_refund_waits_for_its_contribution_and_calls_nobody,
    refused::a_refusal_inside_a_success_is_tried_again,
    refused::a_limit_is_obeyed,
    refused::what_was_stored_before_the_connection_broke_is_not_stored_twice,
    refused::what_may_have_been_stored_is_held_where_nothing_tells_repeats,
    backfilling::live_and_backfill_meet_and_each_event_comes_once,
    backfilling::each_event_comes_once_whenever_its_webhook_is_activated,
    backfilling::a_backfill_is_paused_resumed_and_cancelled,
    backfilling::a_backfill_survives_its_runner,
    backfilling::a_backfill_of_a_webhook_that_is_switched_off_sends_no_more,
    files::an_export_is_previewed_and_sent_once,
    files::a_command_that_is_killed_goes_on,
    files::a_command_waits_while_its_backfill_is_paused,
    files::the_history_is_counted_exported_and_sent_elsewhere,
    backfilling::a_backfill_goes_on_after_everything_was_restarted,
    backfilling::a_password_that_is_changed_meanwhile_is_used_from_then_on,
    backfilling::only_the_kinds_that_were_named_are_sent,
    backfilling::two_backfills_of_a_webhook_send_each_event_once,
    presets::a_preset_gets_what_its_table_ticks_and_a_record_of_the_rest,
    refusing::bad_lines_are_named_and_good_ones_delivered,
    refusing::limits_are_answered_not_crashed_into,
    retrying::a_receiver_that_was_down_gets_everything_once,
    retrying::gone_makes_the_webhook_inactive_and_keeps_the_delivery,
    retrying::retry_after_is_obeyed,
    retrying::undelivered_is_replayed_with_the_same_id,
    retrying::a_rate_limit_holds,
    retrying::a_hanging_endpoint_does_not_hold_up_others,
    operating::the_test_button_shows_request_and_answer,
    operating::sigterm_under_load_repeats_nothing,
}

/// Only a broken program puts such a line on a queue, and only RabbitMQ lets it; what the stage does with one
/// on the embedded broker is tested in `shared/stage`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poison_line_is_parked_alone() -> anyhow::Result<()> {
    scenarios::refusing::a_poison_line_is_parked_alone(tests::installation::Installation::distributed().await?).await
}

/// A second process of a role is something of the distributed installation alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_runner_takes_over_from_the_first() -> anyhow::Result<()> {
    let pipeline = tests::installation::Installation::distributed().await?;
    scenarios::backfilling::a_second_runner_takes_over_from_the_first(pipeline).await
}
