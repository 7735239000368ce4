//! About how long a recording is, told from its first bytes: exactly for plain sound in a WAV file, else by its size.
//! Knows nobody.

/// Bytes of a second of compressed speech: 32 kilobits.
const BYTES_PER_SECOND: u64 = 4_000;

/// Milliseconds of a recording.
pub fn millis(file: &[u8]) -> u64 {
    let (bytes, per_second) = wave(file).unwrap_or((file.len() as u64, BYTES_PER_SECOND));
    bytes.saturating_mul(1000).div_ceil(per_second)
}

/// Bytes of sound in a WAV file, and how many of them are a second.
fn wave(file: &[u8]) -> Option<(u64, u64)> {
    let mut rest = file.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    let mut per_second = None;
    while let Some((name, after)) = rest.split_first_chunk::<4>() {
        let (size, content) = after.split_first_chunk::<4>()?;
        let size = u32::from_le_bytes(*size) as usize;
        match name {
            b"fmt " => {
                let rate = content.get(8..)?.first_chunk::<4>()?;
                per_second = Some(u64::from(u32::from_le_bytes(*rate))).filter(|rate| *rate > 0);
            }
            // A recorder that does not know the length yet writes a size that is none.
            b"data" => return Some((size.min(content.len()) as u64, per_second?)),
            _ => {}
        }
        rest = content.get(size.checked_add(size % 2)?..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(bytes_per_second: u32, sound: usize) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVELIST\x01\0\0\0x\0fmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0".to_vec();
        file.extend(bytes_per_second.to_le_bytes());
        file.extend(b"\x01\0\x08\0data\xff\xff\xff\xff");
        file.extend(vec![0; sound]);
        file
    }

    #[test]
    fn plain_sound_is_measured_and_all_else_weighed() {
        assert_eq!(millis(&wav(8000, 20_000)), 2500);
        assert_eq!(millis(&[0; 10_000]), 2500);
        assert_eq!(millis(b""), 0);
    }

    #[test]
    fn a_file_that_lies_is_weighed() {
        assert_eq!(millis(&wav(0, 400)), (wav(0, 400).len() as u64 * 1000).div_ceil(BYTES_PER_SECOND));
        for end in 0..60 {
            millis(wav(8000, 10).get(..end).unwrap_or_default());
        }
    }
}
