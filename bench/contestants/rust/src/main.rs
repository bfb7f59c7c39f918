//! jsonwebtoken; the same protocol as contestants/cpp/contest.h. The key is read once; claims are a struct, as its own
//! documentation has it, and looked at by hand.
use std::collections::BTreeMap;
use std::str::FromStr;

use jsonwebtoken::{decode, Algorithm, DecodingKey, Validation};
use serde::Deserialize;

const UNSUPPORTED: i32 = 4;

#[derive(Deserialize)]
struct Claims {
    username: String,
    clientid: String,
}

struct Entry {
    kind: String,
    username: String,
    client_id: String,
    token: String,
}

fn read(path: &str) -> Vec<Entry> {
    let text = std::fs::read_to_string(path).expect(path);
    text.lines()
        .map(|line| {
            let f: Vec<&str> = line.split(' ').collect();
            Entry { kind: f[0].into(), username: f[1].into(), client_id: f[2].into(), token: f[3].into() }
        })
        .collect()
}

fn cpu_seconds() -> f64 {
    let mut u: libc::rusage = unsafe { std::mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut u) };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 * 1e-6;
    seconds(u.ru_utime) + seconds(u.ru_stime)
}

fn key_of(algorithm: &str, text: &[u8]) -> DecodingKey {
    match &algorithm[..2] {
        "HS" => DecodingKey::from_secret(text),
        "RS" | "PS" => DecodingKey::from_rsa_pem(text).expect("rsa key"),
        "ES" => DecodingKey::from_ec_pem(text).expect("ec key"),
        _ => DecodingKey::from_ed_pem(text).expect("ed key"),
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (algorithm, mode, folder) = (&args[1], &args[2], &args[3]);
    let seconds: f64 = args[4].parse().expect("seconds");
    let Ok(alg) = Algorithm::from_str(algorithm) else { std::process::exit(UNSUPPORTED) };
    if mode == "repeat" {
        std::process::exit(UNSUPPORTED);
    }
    let stem = format!("{folder}/{algorithm}");
    let key = key_of(algorithm, &std::fs::read(format!("{stem}.key")).expect("key"));
    let mut rules = Validation::new(alg);
    rules.validate_nbf = true;
    rules.validate_aud = false;
    rules.leeway = 0;
    let accepts = |e: &Entry| match decode::<Claims>(&e.token, &key, &rules) {
        Ok(token) => token.claims.username == e.username && token.claims.clientid == e.client_id,
        Err(_) => false,
    };

    let good = read(&format!("{stem}.good"));
    let all_good = good.iter().all(&accepts);
    let mut result: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    for e in read(&format!("{stem}.bad")) {
        let name = format!("refused_{}", e.kind);
        let before = result.get(&name).and_then(|v| v.as_bool()).unwrap_or(true);
        result.insert(name, (!accepts(&e) && before).into());
    }

    let spend = |budget: f64| {
        let (mut turns, mut accepted) = (0u64, 0u64);
        let from = cpu_seconds();
        let mut to = from;
        while to - from < budget {
            accepted += good.iter().filter(|e| accepts(e)).count() as u64;
            turns += good.len() as u64;
            to = cpu_seconds();
        }
        (turns, accepted, to - from)
    };
    spend(seconds / 5.0);
    let (turns, accepted, took) = spend(seconds);
    result.insert("accepted".into(), (all_good && accepted == turns).into());
    result.insert("ops".into(), (turns as f64 / took).into());
    println!("{}", serde_json::to_string(&result).expect("json"));
}
