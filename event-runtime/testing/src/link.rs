//! A connection between two nodes of a cluster that can be cut.
//!
//! Copies bytes, and understands none of them.

use std::io;
use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Takes connections at one address and passes them on to another one, unless it is cut.
#[derive(Debug)]
pub(crate) struct Link {
    address: SocketAddr,
    cut: watch::Sender<bool>,
}

impl Link {
    /// A link to a port of the loopback interface. It ends when it is dropped.
    pub(crate) async fn to(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (cut, state) = watch::channel(false);
        tokio::spawn(accept(listener, port, state));
        Ok(Self { address, cut })
    }

    /// Returns the address at which it takes connections.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes what is open, and everything that comes, until it is mended.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// Lets connections pass again.
    pub(crate) fn mend(&self) {
        self.cut.send_replace(false);
    }
}

async fn accept(listener: TcpListener, port: u16, mut state: watch::Receiver<bool>) {
    loop {
        let incoming = tokio::select! {
            incoming = listener.accept() => incoming,
            changed = state.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        if let Ok((incoming, _)) = incoming
            && !*state.borrow()
        {
            tokio::spawn(pass(incoming, port, state.clone()));
        }
    }
}

async fn pass(mut incoming: TcpStream, port: u16, mut state: watch::Receiver<bool>) {
    let Ok(mut outgoing) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    tokio::select! {
        _ = copy_bidirectional(&mut incoming, &mut outgoing) => {}
        // An error says that the link is gone.
        _ = state.wait_for(|cut| *cut) => {}
    }
}
