#!/usr/bin/env bash
# CloudEvents' Rust SDK 0.9.0: an event whose data is the text of a JSON object, with the content type application/json, has two
# meanings. In binary mode its body is that object. In structured mode its data is a JSON string, and the SDK that reads it gets a
# string instead of the object. The same text as bytes is base64 in structured mode, and is read as the object again. The other way
# round it isn't kept either: the string of JSON that was read in structured mode gets its quotes in binary mode.
# https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#31-handling-of-data
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf target' EXIT
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
cloudevents-sdk = { version = "=0.9.0", default-features = false }
serde_json = "=1.0.145"
TOML
cat > src/main.rs <<'RS'
use cloudevents::event::SpecVersion;
use cloudevents::message::{BinaryDeserializer, BinarySerializer, MessageAttributeValue, Result};
use cloudevents::{Data, Event, EventBuilder, EventBuilderV10};

/// A message in binary mode, of which only the body is kept.
struct Body;

impl BinarySerializer<String> for Body {
    fn set_spec_version(self, _: SpecVersion) -> Result<Self> {
        Ok(self)
    }
    fn set_attribute(self, _: &str, _: MessageAttributeValue) -> Result<Self> {
        Ok(self)
    }
    fn set_extension(self, _: &str, _: MessageAttributeValue) -> Result<Self> {
        Ok(self)
    }
    fn end_with_data(self, bytes: Vec<u8>) -> Result<String> {
        Ok(String::from_utf8(bytes).unwrap())
    }
    fn end(self) -> Result<String> {
        Ok(String::new())
    }
}

fn binary(event: &Event) -> String {
    event.clone().deserialize_binary(Body).unwrap()
}

fn structured(event: &Event) -> String {
    let json = serde_json::to_value(event).unwrap();
    let member = if json.get("data").is_some() { "data" } else { "data_base64" };
    format!("{member} {}", json[member])
}

fn read_again(event: &Event) -> Event {
    serde_json::from_str(&serde_json::to_string(event).unwrap()).unwrap()
}

fn event(data: impl Into<Data>) -> Event {
    EventBuilderV10::new().id("1").source("/s").ty("t").data("application/json", data).build().unwrap()
}

fn main() {
    const ORDER: &str = r#"{"order":17}"#;
    let text = event(ORDER);
    let bytes = event(ORDER.as_bytes().to_vec());
    println!("cloudevents-sdk 0.9.0: data {ORDER}, application/json");
    println!("expected: the same JSON value in both modes, whichever way it was given");
    let seen = [
        format!("text: binary {}, structured {}, read {}", binary(&text), structured(&text), binary(&read_again(&text))),
        format!("bytes: binary {}, structured {}, read {}", binary(&bytes), structured(&bytes), binary(&read_again(&bytes))),
    ];
    for line in &seen {
        println!("observed: {line}");
    }
    let known = [
        r#"text: binary {"order":17}, structured data "{\"order\":17}", read "{\"order\":17}""#,
        r#"bytes: binary {"order":17}, structured data_base64 "eyJvcmRlciI6MTd9", read {"order":17}"#,
    ];
    std::process::exit(if seen == known { 0 } else { 1 });
}
RS
cargo run --quiet
