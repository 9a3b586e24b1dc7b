//! What `Bus::connect` says where there is no server, or one that does not want us.

use event_runtime::{Bus, Config};
use event_testing::TestServer;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

async fn failed(config: Config) -> String {
    let error = Bus::connect(config).await.unwrap_err().to_string();
    println!("{error}");
    assert!(!error.contains('\n'), "{error}");
    error
}

#[tokio::test]
async fn a_server_that_is_not_there_is_one_clear_line() {
    let error = failed(Config::new("nats://127.0.0.1:1").unwrap()).await;
    assert_eq!(
        error,
        "cannot connect to 127.0.0.1:1: no server listens there; NATS_URL names the server, and `event-contracts dev` runs one for \
         development (IO error: Connection refused (os error 111))"
    );
    let error = failed(Config::new("nats://no-such-host.invalid").unwrap()).await;
    assert!(error.contains("no-such-host.invalid:4222: "), "{error}");
    assert!(error.contains("NATS_URL"), "{error}");
}

#[tokio::test]
async fn somebody_else_who_listens_there_is_told_from_a_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut silent, _) = listener.accept().await.unwrap();
        silent.flush().await.unwrap();
        let (mut web, _) = listener.accept().await.unwrap();
        web.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        (silent, web)
    });
    let config = Config::new(&format!("nats://{address}"))
        .unwrap()
        .connect_timeout(std::time::Duration::from_millis(300));
    let error = failed(config.clone()).await;
    assert!(
        error.contains("nobody answered like a NATS server"),
        "{error}"
    );
    let error = failed(config).await;
    assert!(
        error.contains("what listens there is no NATS server"),
        "{error}"
    );
    server.await.unwrap();
}

#[tokio::test]
async fn wrong_credentials_are_one_clear_line() {
    let server = TestServer::start_with("authorization { user: shop, password: right }")
        .await
        .unwrap();
    let config = || Config::new(&server.url()).unwrap();
    let error = failed(config()).await;
    assert!(error.contains("does not accept the credentials"), "{error}");
    assert!(error.contains("NATS_CREDS"), "{error}");
    let error = failed(config().user_and_password("shop", "wrong")).await;
    assert!(error.contains("authorization violation"), "{error}");
    assert!(!error.contains("NATS_CREDS"), "{error}");
}
