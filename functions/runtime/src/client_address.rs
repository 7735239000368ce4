//! The address that API Gateway or a function URL saw. It stands in the event, not in a header that a client can write.

use lambda_http::Request;
use lambda_http::request::RequestContext;
use postern_core::surface::client_address::ClientAddress;

/// Tells the request where it came from, as far as its event knows.
pub(crate) fn tell(request: &mut Request) {
    if let Some(address) = seen(request).and_then(|address| address.parse().ok()) {
        request.extensions_mut().insert(ClientAddress(address));
    }
}

fn seen(request: &Request) -> Option<&str> {
    match request.extensions().get::<RequestContext>()? {
        RequestContext::ApiGatewayV1(context) => context.identity.source_ip.as_deref(),
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address_of(event: &str) -> Option<ClientAddress> {
        let mut request = lambda_http::request::from_str(event).unwrap();
        tell(&mut request);
        request.extensions().get().copied()
    }

    #[test]
    fn both_kinds_of_events_name_the_caller_and_a_forwarded_header_does_not() {
        let rest = include_str!("../../../events/chat.json");
        let url = include_str!("../../../events/function-url-chat.json");
        let expected = Some(ClientAddress("203.0.113.10".parse().unwrap()));
        for event in [rest, url] {
            let forwarded = "orwarded-For\": \"198.51.100.1";
            let event = event.replace("orwarded-For\": \"203.0.113.10", forwarded);
            assert_eq!(address_of(&event), expected);
            assert_eq!(address_of(&event.replace("\"sourceIp\"", "\"_\"")), None);
        }
    }
}
