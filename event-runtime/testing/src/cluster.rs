//! Three servers in a cluster, each with a store of its own.
//!
//! Decides nothing about streams: how many replicas one has is said where it is defined.

use std::io;
use std::ops::{Index, IndexMut};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::link::Link;
use crate::server::{TestServer, free_port};

/// Number of nodes.
const NODES: usize = 3;
/// Longest wait until a stream can have a replica on each node, and the time between two attempts.
const PLACED: Duration = Duration::from_secs(20);
const BETWEEN: Duration = Duration::from_millis(50);

/// A cluster of three nats-servers with JetStream on the loopback interface: nodes 0, 1 and 2. Killed when dropped, with
/// their folders.
///
/// A node is a [`TestServer`] and is reached by its number:
///
/// ```no_run
/// # async fn test() -> std::io::Result<()> {
/// let mut cluster = event_testing::TestCluster::start().await?;
/// println!("{}", cluster.urls());
/// cluster[1].kill();
/// // Returns when the node is healthy: it has caught up with the others.
/// cluster[1].restart().await?;
/// cluster[2].pause()?;
/// cluster[2].resume()?;
/// cluster.cut(0, 1);
/// cluster.mend(0, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TestCluster {
    nodes: Vec<TestServer>,
    /// The connections between the nodes: from, to.
    links: Vec<(usize, usize, Link)>,
}

impl TestCluster {
    /// Starts the nodes and waits until each is healthy: the cluster has a leader, and streams can be made.
    ///
    /// Must be called on a Tokio runtime; the connections between the nodes live on it. The binary is found as
    /// [`TestServer::start`] says.
    ///
    /// # Errors
    /// No binary, or a node that does not become healthy; its last words are in the error.
    pub async fn start() -> io::Result<Self> {
        Self::start_with("").await
    }

    /// The same with more lines of configuration for each node.
    ///
    /// # Errors
    /// As [`start`](TestCluster::start).
    pub async fn start_with(configuration: &str) -> io::Result<Self> {
        // Another process may take a free port before a node does: then with other ones.
        let mut problem = io::Error::other("no free port");
        for _ in 0..3 {
            match Self::try_start(configuration).await {
                Ok(cluster) => return Ok(cluster),
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    async fn try_start(configuration: &str) -> io::Result<Self> {
        let mut ports = [0; NODES];
        for port in &mut ports {
            *port = free_port()?;
        }
        let mut links = Vec::new();
        for from in 0..NODES {
            for (to, port) in ports.iter().enumerate().filter(|(to, _)| *to != from) {
                links.push((from, to, Link::to(*port).await?));
            }
        }
        let mut nodes = Vec::new();
        for (number, port) in ports.iter().enumerate() {
            let routes: Vec<String> = links
                .iter()
                .filter(|(from, ..)| *from == number)
                .map(|(.., link)| format!("\"nats://{}\"", link.address()))
                .collect();
            // What a node tells others of its address leads nowhere: routes exist over the links only.
            let text = format!(
                "cluster {{ name: test, listen: \"127.0.0.1:{port}\", advertise: \"127.0.0.1:1\", routes: [{}] }}\n\
                 {configuration}",
                routes.join(", ")
            );
            nodes.push(TestServer::prepare(&text)?);
        }
        let mut cluster = Self { nodes, links };
        for node in &mut cluster.nodes {
            node.spawn()?;
        }
        for node in &mut cluster.nodes {
            node.healthy_soon().await?;
        }
        if configuration.is_empty() {
            cluster.places_streams().await?;
        }
        Ok(cluster)
    }

    /// Waits until a stream can have a replica on each node. Healthy nodes have a leader, which may not have heard yet what
    /// room each of them has.
    async fn places_streams(&self) -> io::Result<()> {
        let servers: Vec<String> = self.nodes.iter().map(TestServer::url).collect();
        let client = async_nats::connect(servers);
        let jetstream = async_nats::jetstream::new(client.await.map_err(io::Error::other)?);
        let deadline = Instant::now() + PLACED;
        loop {
            let probe = async_nats::jetstream::stream::Config {
                name: "PROBE".to_owned(),
                storage: async_nats::jetstream::stream::StorageType::Memory,
                num_replicas: NODES,
                ..Default::default()
            };
            match jetstream.create_stream(probe).await {
                Err(_) if Instant::now() < deadline => sleep(BETWEEN).await,
                Err(error) => return Err(io::Error::other(error)),
                Ok(_) => break,
            }
        }
        let deleted = jetstream.delete_stream("PROBE").await;
        deleted.map(drop).map_err(io::Error::other)
    }

    /// Returns the addresses for clients: the URLs of all nodes, comma-separated, as `NATS_URL` and `Config::new` take them.
    #[must_use]
    pub fn urls(&self) -> String {
        let urls: Vec<String> = self.nodes.iter().map(TestServer::url).collect();
        urls.join(",")
    }

    /// Returns the number of nodes: 3.
    #[must_use]
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// The number of the node with this name: JetStream speaks of leaders and replicas by name.
    #[must_use]
    pub fn node_named(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name() == name)
    }

    /// Kills a node (SIGKILL): nothing is written any more. Its store stays.
    ///
    /// # Panics
    /// When there is no node of this number; as all that take one.
    pub fn kill(&mut self, node: usize) {
        self[node].kill();
    }

    /// Stops a node in order (SIGTERM) and waits until it has ended.
    ///
    /// # Errors
    /// As [`TestServer::stop`].
    pub async fn stop(&mut self, node: usize) -> io::Result<()> {
        self[node].stop().await
    }

    /// Starts a node again, on the same ports and with the same store, and waits until it is healthy: it has caught up
    /// with the others. Kills it first when it still runs.
    ///
    /// # Errors
    /// When it does not become healthy; without a majority of the nodes none does.
    pub async fn restart(&mut self, node: usize) -> io::Result<()> {
        self[node].restart().await
    }

    /// Freezes a node (SIGSTOP): connections stay open and nothing answers.
    ///
    /// # Errors
    /// When it does not run or cannot be signalled.
    pub fn pause(&self, node: usize) -> io::Result<()> {
        self[node].pause()
    }

    /// Lets a node go on (SIGCONT).
    ///
    /// # Errors
    /// When it does not run or cannot be signalled.
    pub fn resume(&self, node: usize) -> io::Result<()> {
        self[node].resume()
    }

    /// Starts every node that does not run, then waits until all are healthy: the way back when the majority was gone.
    ///
    /// # Errors
    /// When one does not become healthy.
    pub async fn restart_all(&mut self) -> io::Result<()> {
        for node in &mut self.nodes {
            if node.pid().is_none() {
                node.spawn()?;
            }
        }
        for node in &mut self.nodes {
            node.healthy_soon().await?;
        }
        Ok(())
    }

    /// Cuts the connection between two nodes. Both still see the third one, and all of them their clients.
    pub fn cut(&self, one: usize, other: usize) {
        self.between(one, other).for_each(Link::cut);
    }

    /// Mends what [`cut`](TestCluster::cut) has cut.
    pub fn mend(&self, one: usize, other: usize) {
        self.between(one, other).for_each(Link::mend);
    }

    fn between(&self, one: usize, other: usize) -> impl Iterator<Item = &Link> {
        let ways = [(one, other), (other, one)];
        self.links
            .iter()
            .filter(move |(from, to, _)| ways.contains(&(*from, *to)))
            .map(|(.., link)| link)
    }
}

impl Index<usize> for TestCluster {
    type Output = TestServer;

    fn index(&self, node: usize) -> &TestServer {
        &self.nodes[node]
    }
}

impl IndexMut<usize> for TestCluster {
    fn index_mut(&mut self, node: usize) -> &mut TestServer {
        &mut self.nodes[node]
    }
}
