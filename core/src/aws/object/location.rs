//! `s3://bucket/key`, taken apart and checked.

use std::fmt;
use std::str::FromStr;

/// The longest key S3 takes, in bytes.
const KEY_BYTES_MAX: usize = 1024;

/// Where an object lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectLocation {
    bucket: String,
    key: String,
}

impl ObjectLocation {
    /// The bucket's name: 3 to 63 of `a-z`, `0-9`, `.` and `-`.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The object's key, not encoded; never empty.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether the text means an object of S3, right or wrong.
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with("s3://")
    }
}

impl fmt::Display for ObjectLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// The text is not `s3://bucket/key`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the address of an object: {problem}. Write `s3://bucket/path/config.yaml`")]
pub struct InvalidLocation {
    text: String,
    problem: &'static str,
}

impl FromStr for ObjectLocation {
    type Err = InvalidLocation;

    fn from_str(text: &str) -> Result<Self, InvalidLocation> {
        let refuse = |problem| InvalidLocation { text: text.to_owned(), problem };
        let rest = text.strip_prefix("s3://").ok_or_else(|| refuse("it does not begin with `s3://`"))?;
        let (bucket, key) = rest.split_once('/').ok_or_else(|| refuse("there is no key behind the bucket"))?;
        if !is_bucket(bucket) {
            return Err(refuse("the bucket's name is not one that S3 allows"));
        }
        if key.is_empty() || key.ends_with('/') {
            return Err(refuse("the key names no object"));
        }
        if key.len() > KEY_BYTES_MAX {
            return Err(refuse("the key is longer than 1024 bytes"));
        }
        // Such a path means another object once an HTTP library or a proxy has tidied it.
        if key.split('/').any(|part| part == "." || part == "..") {
            return Err(refuse("the key has a part `.` or `..`"));
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

fn is_bucket(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    (3..=63).contains(&name.len())
        && name.bytes().all(allowed)
        && edge(name.bytes().next())
        && edge(name.bytes().last())
        && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_and_key_are_told_apart() {
        let location: ObjectLocation = "s3://my-bucket/path/to/config.yaml".parse().expect("an address");
        assert_eq!((location.bucket(), location.key()), ("my-bucket", "path/to/config.yaml"));
        assert_eq!(location.to_string(), "s3://my-bucket/path/to/config.yaml");
    }

    #[test]
    fn what_could_lead_to_another_host_or_object_is_refused() {
        for text in [
            "config.yaml",
            "https://bucket/key",
            "s3://bucket",
            "s3://bucket/",
            "s3://bucket/folder/",
            "s3:///key",
            "s3://Bucket/key",
            "s3://evil.com:80@x/key",
            "s3://a..b/key",
            "s3://bucket/../other/key",
            "s3://bu/key",
        ] {
            assert!(text.parse::<ObjectLocation>().is_err(), "{text} was taken");
        }
    }
}
