//! A target on a port of its own.

use crate::receiver::{Answer, Receiver, Request};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How one third-party system answers. Its value is what the system has stored.
pub trait Target: Send + 'static {
    /// Answers a request as the system would, and notes everything in it that the system's specification
    /// does not allow.
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer;
}

/// What was wrong with the requests so far, for people.
#[derive(Debug, Default)]
pub struct Faults(Vec<String>);

impl Faults {
    /// Notes something that is wrong with a request.
    pub fn note(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }

    /// All of them, in the order of the requests.
    pub fn texts(&self) -> &[String] {
        &self.0
    }

    /// How many there are: more after a check than before it means that the check has failed.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// A [`Target`] that listens on a loopback port.
#[derive(Debug)]
pub struct Mock<T> {
    receiver: Receiver,
    inside: Arc<Mutex<(T, Faults)>>,
}

impl<T: Target> Mock<T> {
    /// Listens.
    pub async fn start(target: T) -> anyhow::Result<Self> {
        let receiver = Receiver::start().await?;
        let inside = Arc::new(Mutex::new((target, Faults::default())));
        receiver.set_responder({
            let inside = Arc::clone(&inside);
            move |request| {
                let (target, faults) = &mut *lock(&inside);
                Some(target.answer(request, faults))
            }
        });
        Ok(Self { receiver, inside })
    }

    /// The receiver below: its address, its requests, and its script, which comes before the target.
    pub fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// Looks at what the target has stored, or changes it.
    pub fn with<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        look(&mut lock(&self.inside).0)
    }

    /// Everything that was wrong with the requests so far.
    pub fn faults(&self) -> Vec<String> {
        lock(&self.inside).1.0.clone()
    }
}

fn lock<T>(inside: &Mutex<T>) -> MutexGuard<'_, T> {
    inside.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    /// Stores paths, and takes no root.
    struct Paths(Vec<String>);

    impl Target for Paths {
        fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
            if request.path == "/" {
                faults.note("paths GET /: expected a path");
                return Answer::status(400);
            }
            self.0.push(request.path.clone());
            Answer::status(204)
        }
    }

    #[tokio::test]
    async fn a_mock_answers_as_its_target_and_keeps_what_was_wrong() {
        let mock = Mock::start(Paths(Vec::new())).await.unwrap();
        let mut client = TcpStream::connect(("127.0.0.1", mock.receiver().port())).await.unwrap();
        mock.receiver().answer_next(Answer::status(503));
        for (path, status) in [("/first", "503"), ("/a?b=c", "204"), ("/", "400")] {
            client.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
            let mut begin = [0; 12];
            client.read_exact(&mut begin).await.unwrap();
            assert_eq!(&begin, format!("HTTP/1.1 {status}").as_bytes());
            let mut rest = Vec::new();
            while !rest.ends_with(b"\r\n\r\n") {
                rest.push(client.read_u8().await.unwrap());
            }
        }
        mock.with(|target| assert_eq!(target.0, ["/a?b=c"]));
        assert_eq!(mock.faults(), ["paths GET /: expected a path"]);
    }
}
