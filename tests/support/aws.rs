//! A connection to an emulator, set up as a function's environment would.

use postern_core::aws::connection::AwsConnection;

/// A connection whose every service is at `url`.
pub async fn connection(url: &str) -> AwsConnection {
    let url = url.to_owned();
    let lookup = move |name: &str| match name {
        "AWS_REGION" => Some("us-east-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        "AWS_ENDPOINT_URL" => Some(url.clone()),
        _ => None,
    };
    AwsConnection::from_environment(&lookup).await.expect("the environment is complete")
}
