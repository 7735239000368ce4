//! What a failed handshake means, in a sentence for the operator: what the server does not speak, what its certificate
//! lacks, which setting would help.

use super::level::Level;
use super::policy::{Policy, Trust};
use super::question::{Choice, version_name};
use super::refusal::Refusal;
use super::suites;
use rustls::{AlertDescription, CertificateError, Error, OtherError, PeerIncompatible};

/// The error of TLS somewhere among the causes of another.
pub fn tls_error<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<Error>() {
            return Some(found);
        }
        // An error of the stream does not name what is in it as its cause.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// Whether the server may say more when it is greeted as by an old client.
pub fn is_worth_asking(error: &Error) -> bool {
    use AlertDescription as A;
    let of_alert = |alert: &A| matches!(*alert, A::HandshakeFailure | A::ProtocolVersion | A::InsufficientSecurity);
    match error {
        Error::AlertReceived(alert) => of_alert(alert),
        Error::PeerIncompatible(_) => true,
        _ => false,
    }
}

/// What the error means. `choice` is what the server would speak with an old client, where it was asked.
pub fn sentence(error: &Error, choice: Option<&Choice>, policy: &Policy) -> String {
    use AlertDescription as A;
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(said))) if said.is::<Refusal>() => {
            said.to_string()
        }
        Error::InvalidCertificate(error) => format!("its certificate is refused: {error}"),
        Error::AlertReceived(A::HandshakeFailure | A::ProtocolVersion | A::InsufficientSecurity)
        | Error::PeerIncompatible(_) => incompatible(error, choice, policy),
        Error::AlertReceived(alert) => refused_us(*alert, policy),
        Error::InvalidMessage(_) => {
            "what answers is no TLS; is `api_base` to begin with `http://`, or to name another port?".to_owned()
        }
        other => format!("the handshake failed: {other}"),
    }
}

fn incompatible(error: &Error, choice: Option<&Choice>, policy: &Policy) -> String {
    let level = Level::of(policy.level);
    match choice {
        Some(Choice::Speaks { version, suite }) if *version < 0x0303 => format!(
            "the server speaks {} at most (it chose {suite}); TLS 1.2 and 1.3 are spoken here, at every \
             `ssl_security_level`: enable TLS 1.2 on the server",
            version_name(*version)
        ),
        Some(Choice::Speaks { suite, .. }) => match suites::missing(suite) {
            Some(missing) => format!(
                "of the suites spoken here the server has none (it chose {suite}); there is no {missing} here, at any \
                 `ssl_security_level`: enable ECDHE with AES-GCM or ChaCha20-Poly1305 on the server"
            ),
            None => format!(
                "the server speaks {suite}, but not as this policy asks (level {}{}); {}",
                level.number,
                policy.curve.map(|curve| format!(", key exchange {}", curve.name())).unwrap_or_default(),
                if policy.curve.is_some() {
                    "remove `ssl_ecdh_curve`, or choose a curve that the server has"
                } else if policy.certificate.is_none() {
                    "lower `ssl_security_level`, or mend its curves, suites and key; or it wants a client certificate \
                     (`ssl_certificate`)"
                } else {
                    "lower `ssl_security_level`, or mend its curves, suites and key; or it does not take our client \
                     certificate"
                }
            ),
        },
        Some(Choice::Refuses) | None => {
            let curve = policy.curve.map(|curve| {
                format!("; only {} is offered: remove `ssl_ecdh_curve`, or choose a curve that it has", curve.name())
            });
            let told = match error {
                Error::PeerIncompatible(PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon) => {
                    "the server asks for a client certificate of another kind than ours (`ssl_certificate`)".to_owned()
                }
                Error::AlertReceived(_) if policy.certificate.is_none() => {
                    "the server refused the handshake: it has no version, suite or key exchange in common with us \
                     (TLS 1.2 and 1.3, ECDHE), or it wants a client certificate (`ssl_certificate`)"
                        .to_owned()
                }
                Error::AlertReceived(_) => "the server refused the handshake: it has no version, suite or key \
                                            exchange in common with us (TLS 1.2 and 1.3, ECDHE), or does not take our \
                                            client certificate"
                    .to_owned(),
                other => format!("the server does not fit: {other}"),
            };
            told + &curve.unwrap_or_default()
        }
    }
}

/// The server found fault with us.
fn refused_us(alert: AlertDescription, policy: &Policy) -> String {
    use AlertDescription as A;
    let shows = policy.certificate.as_ref().map(|own| own.chain.name().to_owned());
    match (alert, shows) {
        (A::CertificateRequired, _) | (A::BadCertificate | A::NoCertificate, None) => {
            "the server wants a client certificate: set `ssl_certificate`".to_owned()
        }
        (
            A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::UnknownCA
            | A::AccessDenied
            | A::DecryptError,
            Some(name),
        ) => format!("the server does not take our client certificate `{name}` (`ssl_certificate`): {alert:?}"),
        (A::UnrecognisedName, _) => "the server serves no such name".to_owned(),
        (alert, _) => format!("the server broke the handshake off: {alert:?}"),
    }
}

/// What is trusted, in words for the diagnostics.
pub fn trust_text(trust: &Trust) -> String {
    match trust {
        Trust::Nothing => "certificates are not checked".to_owned(),
        Trust::BuiltIn => "built-in authorities".to_owned(),
        Trust::Bundle(bundle) => bundle.name().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::curve::Curve;
    use std::io;
    use std::sync::Arc;

    const POLICY: Policy = Policy { trust: Trust::BuiltIn, level: None, certificate: None, curve: None };

    fn speaks(version: u16, suite: &str) -> Choice {
        Choice::Speaks { version, suite: suite.to_owned() }
    }

    #[test]
    fn the_error_of_tls_is_found_below_others() {
        let inner = io::Error::other(Error::AlertReceived(AlertDescription::HandshakeFailure));
        let outer = io::Error::other(inner);
        assert!(matches!(tls_error(&outer), Some(Error::AlertReceived(_))));
        assert!(tls_error(&io::Error::other("something else")).is_none());
    }

    #[test]
    fn what_cannot_be_spoken_is_named() {
        let alert = Error::AlertReceived(AlertDescription::HandshakeFailure);
        let told = |choice: Choice| sentence(&alert, Some(&choice), &POLICY);
        assert!(told(speaks(0x0301, "TLS_RSA_WITH_AES_128_CBC_SHA")).contains("speaks TLS 1.0 at most"));
        assert!(told(speaks(0x0303, "TLS_RSA_WITH_AES_128_GCM_SHA256")).contains("no RSA key exchange here"));
        assert!(told(speaks(0x0303, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA")).contains("no CBC suites here"));
        assert!(told(speaks(0x0303, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")).contains("lower `ssl_security_level`"));
        let curve = Policy { curve: Some(Curve::X25519), ..POLICY };
        assert!(sentence(&alert, Some(&Choice::Refuses), &curve).contains("only X25519 is offered"));
        assert!(is_worth_asking(&alert));
    }

    #[test]
    fn a_certificate_that_is_wanted_or_refused_is_said() {
        let required = Error::AlertReceived(AlertDescription::CertificateRequired);
        assert_eq!(sentence(&required, None, &POLICY), "the server wants a client certificate: set `ssl_certificate`");
        let refusal = Error::from(Refusal("its certificate expired".to_owned()));
        assert_eq!(sentence(&refusal, None, &POLICY), "its certificate expired");
        let other = Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(io::Error::other("x")))));
        assert!(sentence(&other, None, &POLICY).starts_with("its certificate is refused"));
    }
}
