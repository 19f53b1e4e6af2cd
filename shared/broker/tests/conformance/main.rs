//! What every backend must do. One list of tests, run on each.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod history;
mod people;
mod place;
mod settling;
mod waiting;

/// Makes one test for each name and backend.
macro_rules! conformance {
    ($($module:ident :: $name:ident),* $(,)?) => {
        mod amqp {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let place = crate::place::Place::amqp().await;
                crate::$module::$name(&place).await;
                place.close().await;
            })*
        }
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let place = crate::place::Place::embedded().await;
                crate::$module::$name(&place).await;
                place.close().await;
            })*
        }
    };
}

conformance! {
    settling::a_published_message_arrives_and_an_acknowledged_one_is_gone,
    settling::an_unsettled_message_comes_again,
    settling::a_released_message_comes_again,
    settling::no_more_than_the_prefetch_is_handed_out,
    settling::messages_keep_their_order,
    settling::a_large_message_arrives_whole,
    settling::many_publishers_lose_and_repeat_nothing,
    settling::cancelling_hands_out_what_is_buffered_and_ends,
    settling::two_consumers_share_a_queue,
    settling::a_message_handed_out_too_often_is_parked_with_its_origin,
    waiting::a_delayed_message_goes_on_after_its_time,
    waiting::a_longer_wait_does_not_hold_up_a_shorter_one,
    people::a_note_stays_with_its_message,
    people::a_review_keeps_drops_and_replaces,
    people::a_review_stops_at_its_limit,
    people::looking_uses_nothing_up,
    people::an_undelivered_queue_is_made_on_first_use,
    people::depths_count_what_waits,
    people::an_open_broker_is_ready,
    history::history_is_read_from_a_time,
    history::two_readers_do_not_disturb_each_other,
}
