//! Every limit of the pipeline, in one place. The unit is the last word of the name.

/// Largest upstream message, and largest body of `POST /v1/actblue`.
pub const UPSTREAM_MESSAGE_BYTES: usize = 1024 * 1024;
/// Bytes of all events of one upstream message; each repeats what its line items have in common.
pub const UPSTREAM_EVENTS_BYTES: usize = 16 * 1024 * 1024;
/// How deep arrays and objects of an upstream message may be nested, as `serde_json` has it for what it reads.
pub const UPSTREAM_DEPTH: usize = 127;
/// Broken documents of one upstream message that run over the end of a line. Behind so many, the rest of the
/// message counts as one document.
pub const BROKEN_DOCUMENTS: usize = 50;
/// Line items in one contribution.
pub const CONTRIBUTION_LINEITEMS: usize = 500;
/// Lines of NDJSON in one `POST /v1/events`.
pub const NDJSON_LINES: usize = 10_000;
/// Largest body of one `POST /v1/events`.
pub const NDJSON_REQUEST_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of all HTTP requests that ingest holds at the same time; more wait their turn.
pub const INGEST_BODIES_BYTES: usize = 256 * 1024 * 1024;
/// Upstream documents that ingest accepts in one round of dedup, publish and confirm.
pub const INGEST_ROUND_DOCUMENTS: usize = 512;
/// Bytes of documents after which a round is full.
pub const INGEST_ROUND_BYTES: usize = 4 * 1024 * 1024;
/// Time in which the body of an HTTP request must have arrived.
pub const REQUEST_READ_MS: u64 = 60_000;
/// Largest message on the `contributions` exchange, which may hold several documents: what RabbitMQ 4 takes unless
/// told otherwise. Each document is bounded by [`UPSTREAM_MESSAGE_BYTES`].
pub const AMQP_MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// How long accepted events wait until history confirms their copies; then they go on without.
pub const HISTORY_CONFIRM_MS: u64 = 3_000;
/// How long history is left alone after it took no copies.
pub const HISTORY_PAUSE_MS: u64 = 30_000;
/// How long a copy of an event waits for another one that is being accepted.
pub const COPY_WAIT_MS: u64 = 12_000;
/// HTTP connections that one listener of ours has open.
pub const HTTP_CONNECTIONS: usize = 1_024;
/// Time in which the head of an HTTP request must have arrived, and after which an idle connection is closed.
pub const HTTP_HEAD_MS: u64 = 15_000;
/// Time for one HTTP request from its head to the head of its answer.
pub const HTTP_EXCHANGE_MS: u64 = 120_000;
/// Time that the admin endpoint has to finish its answers when it stops.
pub const ADMIN_GRACE_MS: u64 = 1_000;
/// What `Retry-After` says when the broker or the store is away.
pub const INGEST_RETRY_AFTER_S: u64 = 5;
/// Errors listed in one HTTP answer; more are counted, not listed.
pub const PROBLEM_ERRORS: usize = 1_000;
/// Reasons kept for one rejected message; more are counted, not listed.
pub const REJECTION_REASONS: usize = 50;

/// Lines that a stage takes at once and puts into one message.
pub const BATCH_LINES: usize = 64;
/// Bytes that a stage takes at once and puts into one message.
pub const BATCH_BYTES: usize = 256 * 1024;
/// Smallest body that travels through RabbitMQ compressed: below it the saving is not worth the time.
pub const SQUEEZED_BYTES: usize = 6 * 1024;
/// Lines in one message to the sender: one slow endpoint holds back at most this many acknowledgements.
pub const SENDER_BATCH_LINES: usize = 16;
/// Times the broker hands a message out again before it parks it.
pub const DELIVERY_LIMIT: u32 = 20;
/// Publishes of one channel that may wait for their confirms.
pub const CONFIRM_WINDOW: usize = 256;
/// Rejected upstream messages that are kept.
pub const REJECTED_MESSAGES: u64 = 100_000;
/// How long a call to the broker may take before it counts as lost.
pub const BROKER_CALL_MS: u64 = 10_000;
/// Seconds without a sign of life after which a connection to the broker is lost, and half of which pass
/// between two signs.
pub const BROKER_HEARTBEAT_S: u16 = 10;
/// First wait before connecting to the broker again.
pub const BROKER_RECONNECT_MIN_MS: u64 = 200;
/// Longest wait before connecting to the broker again, before jitter.
pub const BROKER_RECONNECT_MAX_MS: u64 = 5_000;
/// Time between two looks at a connection that should have told by itself that it is lost.
pub const BROKER_CHECK_MS: u64 = 1_000;
/// Longest wait for a broker to answer that a connection is closed, when everything on it is settled.
pub const BROKER_GOODBYE_MS: u64 = 1_000;
/// How long a review waits until what it gave back lies on its queue again; it is safe before.
pub const REVIEW_SETTLE_MS: u64 = 1_000;
/// Messages on a queue for people up to which looking at some of them leaves all in their order.
pub const REVIEW_ORDERED_MESSAGES: usize = 1_000;
/// How long RabbitMQ may take to write a new quorum queue's name to disk; it confirms messages before. Its
/// file library writes after 3 s.
pub const BROKER_NEW_QUEUE_MS: u64 = 3_500;
/// Messages of `history` that one reader is handed before it acknowledges.
pub const HISTORY_PREFETCH: u16 = 200;
/// How far the broker's clock may be behind ours before a reader of `history` misses messages.
pub const HISTORY_CLOCK_SKEW_S: u64 = 60;
/// Bytes kept of a note's reason; it travels in a header, which must fit into one frame.
pub const NOTE_REASON_BYTES: usize = 32 * 1024;
/// Bytes of the prefix of queue names.
pub const QUEUE_PREFIX_BYTES: usize = 100;

/// Messages of one queue of the embedded broker that are kept in memory; the rest lies in the file.
pub const EMBEDDED_WINDOW_MESSAGES: usize = 4_096;
/// Bytes of one queue of the embedded broker that are kept in memory.
pub const EMBEDDED_WINDOW_BYTES: usize = 8 * 1024 * 1024;
/// Messages that the embedded broker reads from its file at once.
pub const EMBEDDED_PAGE_MESSAGES: usize = 2_048;
/// Bytes that the embedded broker reads from its file at once.
pub const EMBEDDED_PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Changes that may wait for the embedded broker's file before publishers wait.
pub const EMBEDDED_UNWRITTEN_OPERATIONS: usize = 50_000;
/// Bytes that may wait for the embedded broker's file before publishers wait.
pub const EMBEDDED_UNWRITTEN_BYTES: usize = 32 * 1024 * 1024;
/// Memory that the embedded broker's file may use as a cache.
pub const EMBEDDED_CACHE_BYTES: usize = 16 * 1024 * 1024;
/// How long changes gather before they are written, unless someone waits for them.
pub const EMBEDDED_GATHER_MS: u64 = 2;
/// First wait after the embedded broker could not write; it doubles.
pub const EMBEDDED_RETRY_MIN_MS: u64 = 50;
/// Longest wait between two tries to write.
pub const EMBEDDED_RETRY_MAX_MS: u64 = 2_000;
/// How often an idle embedded broker looks at the clock, for history's age and for clocks that were set.
pub const EMBEDDED_IDLE_CHECK_MS: u64 = 30_000;
/// Old history messages that are removed with one write, at least.
pub const EMBEDDED_TRIM_MESSAGES: usize = 64;

/// How long a line item is remembered so that a repeat is dropped; the default of the setting.
pub const DEDUP_WINDOW_S: u64 = 24 * 3_600;
/// Age at which it is read again while it is not certain that changes are heard of.
pub const DIRECTORY_UNHEARD_AGE_MS: u64 = 1_000;
/// How often a connection on which no change was announced is asked whether it still lives.
pub const DIRECTORY_PING_MS: u64 = 1_000;
/// How long a sign of life of that connection proves that changes are heard of.
pub const DIRECTORY_PROOF_MS: u64 = 2_500;
/// Age at which a cached webhook is read again even when no change was announced.
pub const DIRECTORY_AGE_MS: u64 = 30_000;
/// Longest life of a done mark.
pub const DONE_MARK_S: u64 = 3_600;
/// How long done marks outlast the acknowledgement of their message.
pub const DONE_MARKS_OUTLAST_MS: u64 = 5_000;
/// Attempts kept for one webhook.
pub const ATTEMPTS_KEPT: usize = 1_000;
/// Failed attempts of one webhook whose answer is kept.
pub const ANSWERS_KEPT: usize = 50;
/// Bytes kept of a failed attempt's answer.
pub const ANSWER_KEPT_BYTES: usize = 4 * 1024;
/// How long a replaced signing secret still signs.
pub const ROTATION_OVERLAP_S: u64 = 24 * 3_600;
/// Bytes kept of an attempt's reason.
pub const REASON_KEPT_BYTES: usize = 512;
/// How long a call to the store may take before the store counts as away.
pub const STORE_CALL_MS: u64 = 2_000;
/// How often the store is asked whether it is there.
pub const STORE_PROBE_MS: u64 = 1_000;
/// Commands that the store's writer sends at once to Redis.
pub const STORE_BATCH: usize = 128;
/// Writes that wait for the store's writer; more make their callers wait.
pub const STORE_QUEUE: usize = 1_024;
/// How long the embedded store's writer waits for company before it commits what nobody waits for.
pub const STORE_RELAXED_MS: u64 = 20;
/// How often the embedded store removes what has expired, while it is written to.
pub const STORE_SWEEP_MS: u64 = 1_000;
/// Expired entries of one kind that one write to the store removes.
pub const STORE_SWEEP_ENTRIES: usize = 10_000;
/// Memory for the pages of the embedded store.
pub const STORE_CACHE_BYTES: usize = 16 * 1024 * 1024;
/// Entries of one kind that the directory keeps in memory.
pub const DIRECTORY_ENTRIES: u64 = 100_000;
/// How long the directory leaves the store alone after it failed to answer.
pub const DIRECTORY_PAUSE_MS: u64 = 1_000;
/// Longest name that finds an entity; a longer one finds none.
pub const ENTITY_NAME_BYTES: usize = 512;
/// Longest lease of something that only one of all copies may do at a time.
pub const LEASE_S: u64 = 3_600;
/// Rows that the store reads at once when it lists.
pub const STORE_PAGE_ROWS: usize = 100;

/// Longest row of a file of past contributions, its line breaks included; a line of JSON is a message.
pub const IMPORT_ROW_BYTES: usize = UPSTREAM_MESSAGE_BYTES;
/// Bytes kept of a row that is longer.
pub const IMPORT_ROW_SHOWN_BYTES: usize = 4 * 1024;
/// Bytes read of such a file at once.
pub const IMPORT_READ_BYTES: usize = 64 * 1024;
/// Series of a backfill's files that are kept in memory; more are sorted in a temporary file. 32 bytes each.
pub const IMPORT_SERIES: usize = 128 * 1024;
/// Digits of a receipt id behind its `AB`.
pub const IMPORT_RECEIPT_DIGITS: usize = 18;
/// Deliveries of one backfill that are outstanding.
pub const BACKFILL_OUTSTANDING: u64 = 2_000;
/// Deliveries of one backfill that are outstanding while live ones are handled: what a receiver that hangs has waiting
/// is looked at again and again.
pub const BACKFILL_OUTSTANDING_BESIDE_LIVE: u64 = 250;
/// Deliveries of one backfill that are published together while live ones are handled: so few that no live delivery
/// waits long behind them (docs/measurements.md).
pub const BACKFILL_STEP_BESIDE_LIVE: usize = 8;
/// How long nothing is published then. The two bound a backfill's speed beside live deliveries: 800 a second.
pub const BACKFILL_REST_BESIDE_LIVE_MS: u64 = 10;
/// Deliveries of a backfill that one call to the store begins, settles or looks up; more make several calls.
pub const BACKFILL_CHUNK: usize = 500;
/// Bytes of the place that a backfill's source has reached.
pub const BACKFILL_CURSOR_BYTES: usize = 1_024;
/// Files of one backfill.
pub const BACKFILL_FILES: usize = 200;
/// Bytes of the name of a file of a backfill.
pub const BACKFILL_FILE_NAME_BYTES: usize = 512;
/// Entries of a backfill's journal. The first stays when there are more.
pub const BACKFILL_JOURNAL_ENTRIES: usize = 100;
/// Bytes kept of the reason of a backfill's status, and of what an entry of its journal says.
pub const BACKFILL_REASON_BYTES: usize = 512;
/// How much earlier than a backfill's start date an event of it may have been received, because upstream's clock
/// was ahead of ours.
pub const BACKFILL_CLOCK_SKEW_S: i64 = 24 * 3_600;
/// Backfills, and notices, of one page of a list.
pub const BACKFILL_PAGE: usize = 1_000;
/// Parts of a webhook's record of what its backfills sent; a look at one event reads one of them. A power of two.
pub const SENT_BUCKETS: u16 = 16_384;
/// How long a notice is kept: 90 days.
pub const NOTICE_S: u64 = 90 * 24 * 3_600;
/// Expired notices that one write forgets.
pub const NOTICE_SWEEP_ENTRIES: usize = 100;
/// How far back the age of live deliveries is looked at.
pub const PULSE_S: u64 = 10;
/// How often one process tells the age of its live deliveries, at most.
pub const PULSE_MS: u64 = 1_000;
/// Longest life of the lock that keeps one runner for a backfill, unless it is renewed.
pub const BACKFILL_LEASE_S: u64 = 30;
/// First wait before a window is told once more of what was settled.
pub const BACKFILL_TELL_MIN_MS: u64 = 100;
/// Longest such wait.
pub const BACKFILL_TELL_MAX_MS: u64 = 5_000;
/// How often it is looked for backfills to run.
pub const BACKFILL_LOOK_MS: u64 = 500;
/// How often a run looks at what people want, and at the room in its window.
pub const BACKFILL_MOMENT_MS: u64 = 100;
/// How long a reader of the history waits for the next message before it looks about.
pub const HISTORY_PATIENCE_MS: u64 = 200;
/// How long the history is read before the reader says how far it is: leases are renewed in between.
pub const HISTORY_CHUNK_MS: u64 = 1_000;
/// Messages of the history that are read before a run looks at what people want.
pub const BACKFILL_CHUNK_MESSAGES: usize = 2_000;
/// Deliveries, from where a backfill is taken up, of which nobody knows whether they were published.
pub const BACKFILL_IN_DOUBT: usize = 3_000;
/// How long after it was received an event may reach the history.
pub const BACKFILL_HISTORY_LAG_S: i64 = 10;
/// Live deliveries that reach the sender later make backfills give way.
pub const BACKFILL_LIVE_AGE_S: u64 = 5;
/// How long the sender believes what it knows of a backfill's status.
pub const BACKFILL_STANDING_MS: u64 = 500;
/// Backfills whose status one sender process remembers.
pub const BACKFILLS_KNOWN: usize = 1_024;
/// How long a delivery of a paused backfill waits before it is looked at again.
pub const BACKFILL_PAUSED_MS: u64 = 5_000;
/// How long after it was asked for an activation counts: by then every router knows of it, so that no event which
/// is live by its time is skipped.
pub const ACTIVATION_MS: u64 = 1_000;
/// How much of that the write may take; the rest is for the routers to hear of it.
pub const ACTIVATION_WRITE_MS: u64 = 500;
/// Between the chunks that are counted of a backfill which runs.
pub const BACKFILL_COUNT_REST_MS: u64 = 5;
/// Bytes of the messages that a command sends to a backfill at once; one message may be longer.
pub const BACKFILL_UPLOAD_BYTES: usize = 1024 * 1024;
/// How often that lock is renewed.
pub const BACKFILL_RENEW_MS: u64 = 10_000;

/// Bytes read of an endpoint's answer.
pub const ANSWER_READ_BYTES: usize = 64 * 1024;
/// Time to connect to an endpoint, TLS included.
pub const CONNECT_TIMEOUT_MS: u64 = 5_000;
/// Time for a whole exchange with an endpoint.
pub const SEND_TIMEOUT_MS: u64 = 15_000;
/// Time that a stopping process has to finish what it holds.
pub const DRAIN_GRACE_MS: u64 = 25_000;
/// Time that a stopped process has, after the drain, to flush and close.
pub const CLOSE_GRACE_MS: u64 = 3_000;
/// Least wait after a time-out or a 429.
pub const SLOW_DOWN_MS: u64 = 60_000;
/// Longest wait that a `Retry-After` can ask for.
pub const RETRY_AFTER_MS: u64 = 10 * 3_600_000;
/// Longest wait that the sender sits out itself instead of handing the delivery to a delay queue.
pub const WAIT_IN_PLACE_MS: u64 = 1_000;

/// Deliveries that one sender process has in flight.
pub const SENDER_CONCURRENCY: usize = 256;
/// Least setting of it: below, the lanes have no share of their own.
pub const SENDER_CONCURRENCY_MIN: usize = 8;
/// Highest setting of it; it is the prefetch of each of the sender's queues as well.
pub const SENDER_CONCURRENCY_MAX: usize = 10_000;
/// Deliveries that one webhook has in flight in one sender process, when the webhook says nothing else.
pub const WEBHOOK_IN_FLIGHT: u32 = 10;
/// Requests a second to one webhook, when the webhook says nothing else.
pub const WEBHOOK_RATE_PER_S: u32 = 10;
/// Highest rate that can be configured for one webhook.
pub const WEBHOOK_RATE_MAX_PER_S: u32 = 10_000;
/// Highest in-flight setting of one webhook.
pub const WEBHOOK_IN_FLIGHT_MAX: u32 = 1_000;
/// Addresses of endpoints that are looked up at the same time; a lookup occupies a thread.
pub const NAME_LOOKUPS: usize = 32;
/// Time to read the rest of an answer that decides nothing any more.
pub const ANSWER_REST_MS: u64 = 1_000;
/// Open connections to one host that are kept for later. Many webhooks of one vendor share a host, and opening
/// one costs more than a request.
pub const IDLE_CONNECTIONS: usize = SENDER_CONCURRENCY;
/// How long an unused connection is kept.
pub const IDLE_CONNECTION_MS: u64 = 30_000;
/// How often a connection that many requests share is asked whether it is there.
pub const SHARED_CONNECTION_PROBE_MS: u64 = 5_000;
/// Bytes of all headers of an answer over HTTP/2.
pub const ANSWER_HEADER_BYTES: u32 = 64 * 1024;
/// Headers of an answer over HTTP/1.1.
pub const ANSWER_HEADERS: usize = 100;
/// Longest deferral of a delivery whose webhook has too many in flight.
pub const DEFER_MS: u64 = 30_000;
/// Longest deferral of a delivery whose webhook is at its rate.
pub const DEFER_RATE_MS: u64 = 5 * 60_000;
/// Deliveries that were sent back to the formatter and are remembered for it.
pub const SENT_BACK_KEPT: usize = 4_096;
/// Webhooks whose limiters one sender process remembers before it forgets idle ones.
pub const GATES_KEPT: usize = 1_024;
/// How long an idle webhook's limiter is remembered then.
pub const GATE_IDLE_MS: u64 = 60_000;
/// Steps of a plan.
pub const PLAN_STEPS: usize = 8;
/// Characters of a value that is captured from an answer.
pub const CAPTURED_CHARS: usize = 512;
/// Memory that a regular expression of a plan may use.
pub const PATTERN_BYTES: usize = 256 * 1024;
/// After so long a plan that has steps left goes on in a delivery of its own.
pub const PLAN_PART_MS: u64 = 10_000;
/// Bytes kept of the request of a test.
pub const REQUEST_KEPT_BYTES: usize = 8 * 1024;
/// Webhooks whose tests one sender process remembers for the tests that follow.
pub const TESTED_WEBHOOKS: usize = 256;
/// Values that it remembers of the tests of one webhook.
pub const TEST_VALUES: usize = 64;
/// Webhooks for which one sender process keeps a session or a lock before it forgets what nobody uses.
pub const PROOFS_KEPT: usize = 1_024;
/// How long a session of Salsa Classic is used.
pub const SESSION_S: u64 = 30 * 60;
/// An access token with less time left is renewed.
pub const TOKEN_LEFT_S: u64 = 10 * 60;
/// Life of an access token whose answer does not tell it.
pub const TOKEN_S: i64 = 24 * 3_600;
/// How long one process may take to renew an access token before another may try.
pub const TOKEN_LEASE_MS: u64 = 20_000;
/// How often it is looked whether another process has renewed an access token.
pub const TOKEN_LOOK_MS: u64 = 100;
/// Rows of a table or a map in a webhook's settings.
pub const SETTING_ROWS: usize = 200;
/// Characters of a name in a webhook's settings.
pub const SETTING_NAME_CHARS: usize = 200;
/// Digits of a number in a webhook's settings.
pub const SETTING_DIGITS: usize = 20;
/// How long after a gift the donor's consent to text messages is used (`formats/tatango.md` §2): 30 days.
pub const TEXT_CONSENT_S: i64 = 30 * 24 * 3_600;
/// Age at which an event is not sent to Meta any more: an hour less than the 7 days that Meta takes
/// (`formats/ad-tracking.md` §3).
pub const META_EVENT_AGE_S: i64 = (7 * 24 - 1) * 3_600;
/// Age at which an event is not sent to GA4 any more: an hour less than the 72 that GA4 takes
/// (`formats/ad-tracking.md` §3).
pub const GA4_EVENT_AGE_S: i64 = 71 * 3_600;
/// Characters of a parameter's value at GA4; longer ones are cut (`formats/ad-tracking.md` §5.1).
pub const GA4_PARAMETER_CHARS: usize = 100;
/// How long a ledger value is kept after its last use: 18 months.
pub const LEDGER_S: u64 = 548 * 24 * 3_600;
/// Longest setting of it: ten years.
pub const LEDGER_MAX_S: u64 = 3_653 * 24 * 3_600;
/// Age of the last use that is noted of a ledger value at which reading it notes another one.
pub const LEDGER_USE_S: u64 = 24 * 3_600;
/// Bytes of the name of a ledger value, and of the name of a series.
pub const LEDGER_NAME_BYTES: usize = 1_024;
/// Custom headers of one webhook.
pub const CUSTOM_HEADERS: usize = 10;
/// Bytes of an endpoint URL.
pub const ENDPOINT_BYTES: usize = 2_048;

/// Finished spans that wait for the collector; more are dropped and counted.
pub const TRACE_QUEUE_SPANS: usize = 8_192;
/// Spans in one request to the collector.
pub const TRACE_BATCH_SPANS: usize = 512;
/// How long spans wait for company before a request that is not full goes out.
pub const TRACE_GATHER_MS: u64 = 1_000;
/// Time for one batch to reach the collector, repeats included; then it is dropped.
pub const TRACE_EXPORT_MS: u64 = 5_000;
/// Time that a stopping process has to export the spans that are left.
pub const TRACE_FLUSH_MS: u64 = 1_000;
/// Least time between two log lines about spans that are lost.
pub const TRACE_NEWS_MS: u64 = 60_000;

/// Largest body of a request to the JSON API.
pub const API_REQUEST_BYTES: usize = 64 * 1024;
/// Entries of one answer of the JSON API.
pub const API_PAGE_ENTRIES: usize = 1_000;
/// How long the test button waits for the pipeline.
pub const TEST_WAIT_MS: u64 = 20_000;
/// How often the test button looks at the attempt log.
pub const TEST_LOOK_MS: u64 = 100;
/// Characters of a nickname and of an entity's names.
pub const NAME_CHARS: usize = 100;
/// Characters of a user name, a password, a token or the value of a custom header.
pub const CREDENTIAL_CHARS: usize = 1_024;
/// Bytes of an email address (RFC 5321).
pub const EMAIL_BYTES: usize = 254;

const _: () = assert!(SEND_TIMEOUT_MS < TOKEN_LEASE_MS, "a token is renewed within its lease");
const _: () = assert!(PLAN_PART_MS + SEND_TIMEOUT_MS <= DRAIN_GRACE_MS, "a step of a plan ends while draining");
const _: () = assert!(BROKER_CALL_MS < COPY_WAIT_MS, "another copy is waited for until the broker has decided on it");
const _: () = assert!(REQUEST_READ_MS < HTTP_EXCHANGE_MS, "a request may take its time to arrive");
const _: () = assert!(ADMIN_GRACE_MS < CLOSE_GRACE_MS, "the admin endpoint ends within the closing");
const _: () = assert!(BROKER_GOODBYE_MS < CLOSE_GRACE_MS, "a broker that does not say goodbye holds up no exit");
const _: () = assert!(TRACE_FLUSH_MS < CLOSE_GRACE_MS, "the last spans go out within the closing");
const _: () = assert!(TRACE_BATCH_SPANS <= TRACE_QUEUE_SPANS, "a full request fits into the queue");
const _: () = assert!(HTTP_HEAD_MS < DRAIN_GRACE_MS, "half a request does not outlive the drain");
const _: () = assert!(TEST_WAIT_MS < DRAIN_GRACE_MS, "a test must be able to finish while draining");
const _: () = assert!(NDJSON_REQUEST_BYTES <= INGEST_BODIES_BYTES, "the largest request must get its turn");
const _: () = assert!(CONNECT_TIMEOUT_MS < SEND_TIMEOUT_MS, "connecting is part of sending");
const _: () = assert!(SEND_TIMEOUT_MS < DRAIN_GRACE_MS, "a send must be able to finish while draining");
const _: () = assert!(EMBEDDED_PAGE_MESSAGES <= EMBEDDED_WINDOW_MESSAGES, "a page must fit into the window");
const _: () = assert!(LEDGER_S <= LEDGER_MAX_S, "the default is a possible setting");
const _: () = assert!(LEDGER_USE_S < LEDGER_S, "what is read every day is kept");
const _: () = assert!(BACKFILL_CHUNK as u64 <= BACKFILL_OUTSTANDING, "a whole chunk fits into the window");
const _: () = assert!(BACKFILL_OUTSTANDING_BESIDE_LIVE < BACKFILL_OUTSTANDING, "beside live deliveries it is gentler");
const _: () =
    assert!(BACKFILL_STEP_BESIDE_LIVE as u64 <= BACKFILL_OUTSTANDING_BESIDE_LIVE, "a step fits into the window");
const _: () = assert!(SENT_BUCKETS.is_power_of_two(), "a bucket is chosen by bits");
const _: () = assert!(PULSE_MS < PULSE_S * 1_000, "a process that is late is heard of all the time");
const _: () = assert!(BACKFILL_RENEW_MS * 2 < BACKFILL_LEASE_S * 1_000, "one renewal may fail");
const _: () = assert!(HISTORY_CHUNK_MS < BACKFILL_RENEW_MS, "the lease is looked at in time");
const _: () = assert!(BACKFILL_LEASE_S <= LEASE_S, "the lock is a possible lease");
const _: () = assert!(SENDER_BATCH_LINES <= BATCH_LINES, "the sender takes the smaller batches");
const _: () = assert!(BACKFILL_IN_DOUBT >= 2_000 + BACKFILL_CHUNK, "a whole window and the chunk that did not fit");
const _: () = assert!(ACTIVATION_WRITE_MS < ACTIVATION_MS, "routers have time to hear of an activation");
const _: () = assert!(IMPORT_ROW_SHOWN_BYTES <= IMPORT_READ_BYTES, "the beginning of a long row is there to be shown");
const _: () = assert!(ANSWER_KEPT_BYTES <= ANSWER_READ_BYTES, "what is kept must have been read");
