//! What a deployment's model says: by which of Bedrock's operations it is called, whose it is, and its id there.
//!
//! `[route/][region/]id`, where the id may be an ARN: `converse/us.amazon.nova-pro-v1:0`,
//! `invoke/anthropic.claude-3-haiku-20240307-v1:0`, `eu-west-1/meta.llama3-1-70b-instruct-v1:0`.

/// By which operation a model is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `Converse`: one format for every model that chats.
    Converse,
    /// `InvokeModel`: the maker's own format.
    Invoke,
}

/// Whose format a model has, where that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// Anthropic's Claude.
    Claude,
    /// Amazon's Nova.
    Nova,
    /// Models with OpenAI's open weights.
    OpenAi,
    /// Meta's Llama, that continues a text.
    Llama,
    /// Mistral's, that continues a text.
    Mistral,
    /// Alibaba's Qwen, that continues a text.
    Qwen,
    /// Amazon's Titan, that continues a text.
    Titan,
    /// Amazon's Titan for embeddings, by version.
    TitanEmbeddings {
        /// The first version takes a text and nothing else.
        is_first: bool,
    },
    /// Cohere's embeddings.
    CohereEmbeddings,
    /// Anyone else's.
    Other,
}

/// A model of Bedrock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BedrockModel<'m> {
    /// How it is called.
    pub route: Route,
    /// Whose it is.
    pub maker: Maker,
    /// Its id or ARN.
    pub id: &'m str,
    /// The region that the deployment's model names.
    pub region: Option<&'m str>,
}

/// Routes by their names. A maker's name before an imported model's ARN stands for its format.
const ROUTES: [(&str, Route, Option<Maker>); 7] = [
    ("converse/", Route::Converse, None),
    ("converse_like/", Route::Converse, None),
    ("invoke/", Route::Invoke, None),
    ("llama/", Route::Invoke, Some(Maker::Llama)),
    ("qwen2/", Route::Invoke, Some(Maker::Qwen)),
    ("qwen3/", Route::Invoke, Some(Maker::Qwen)),
    ("openai/", Route::Invoke, Some(Maker::OpenAi)),
];

const MAKERS: [(&str, Maker); 11] = [
    ("anthropic.", Maker::Claude),
    ("amazon.nova", Maker::Nova),
    ("openai.", Maker::OpenAi),
    ("meta.llama", Maker::Llama),
    ("mistral.", Maker::Mistral),
    ("qwen.", Maker::Qwen),
    ("amazon.titan-embed-text-v1", Maker::TitanEmbeddings { is_first: true }),
    ("amazon.titan-embed-g1", Maker::TitanEmbeddings { is_first: true }),
    ("amazon.titan-embed", Maker::TitanEmbeddings { is_first: false }),
    ("amazon.titan", Maker::Titan),
    ("cohere.embed", Maker::CohereEmbeddings),
];

/// Areas of inference across regions, before the maker's name.
const AREAS: [&str; 9] = ["us.", "us-gov.", "eu.", "apac.", "jp.", "au.", "ca.", "sa.", "global."];

impl<'m> BedrockModel<'m> {
    /// Takes a deployment's model apart. Models that chat are called by `Converse` where nothing else is said.
    pub fn of(model: &'m str) -> Self {
        let named = ROUTES.iter().find_map(|(name, route, maker)| Some((model.strip_prefix(name)?, *route, *maker)));
        let (rest, route, said) = named.unwrap_or((model, Route::Converse, None));
        let (region, id) = match rest.split_once('/') {
            Some((region, id)) if is_region(region) => (Some(region), id),
            _ => (None, rest),
        };
        let region = region.or_else(|| region_of_arn(id));
        // Before the id of a model that somebody has committed to stands for how long.
        let id = id.split_once("-month-commitment/").map_or(id, |(_, id)| id);
        let maker = said.unwrap_or_else(|| maker(id));
        let route = match maker {
            Maker::TitanEmbeddings { .. } | Maker::CohereEmbeddings => Route::Invoke,
            _ => route,
        };
        Self { route, maker, id, region }
    }

    /// The maker's name of the model, without region and profile.
    pub fn name(&self) -> &'m str {
        name(self.id)
    }

    /// The id names neither the model nor its maker: a profile of the operator's own.
    pub fn is_opaque(&self) -> bool {
        self.id.starts_with("arn:") && self.maker == Maker::Other && !self.name().contains('.')
    }
}

fn name(id: &str) -> &str {
    let last = if id.starts_with("arn:") { id.rsplit_once('/').map_or(id, |(_, last)| last) } else { id };
    AREAS.iter().find_map(|area| last.strip_prefix(area)).unwrap_or(last)
}

fn maker(id: &str) -> Maker {
    let name = name(id);
    MAKERS.iter().find(|(begin, _)| name.starts_with(begin)).map_or(Maker::Other, |(_, maker)| *maker)
}

/// `eu-west-1`, `us-gov-east-1`.
fn is_region(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let has_number = parts.next().is_some_and(|number| number.len() == 1 && number.parse::<u8>().is_ok());
    has_number && parts.clone().count() >= 2 && parts.all(|part| part.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// `arn:aws:bedrock:REGION:…`.
fn region_of_arn(id: &str) -> Option<&str> {
    id.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_taken_apart() {
        use Maker::*;
        use Route::*;
        let profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3-7-sonnet-v1:0";
        let converse_profile = format!("converse/{profile}");
        for (model, route, maker, id, region) in [
            ("us.amazon.nova-pro-v1:0", Converse, Nova, "us.amazon.nova-pro-v1:0", None),
            ("converse/anthropic.claude-v1:0", Converse, Claude, "anthropic.claude-v1:0", None),
            ("invoke/us.anthropic.claude-v1:0", Invoke, Claude, "us.anthropic.claude-v1:0", None),
            ("eu-west-1/meta.llama3-v1:0", Converse, Llama, "meta.llama3-v1:0", Some("eu-west-1")),
            ("us-gov-east-1/anthropic.claude", Converse, Claude, "anthropic.claude", Some("us-gov-east-1")),
            ("us-west-2/6-month-commitment/anthropic.claude", Converse, Claude, "anthropic.claude", Some("us-west-2")),
            (&converse_profile, Converse, Claude, profile, Some("us-east-1")),
            (
                "llama/arn:aws:bedrock:us-east-1:1:imported-model/x",
                Invoke,
                Llama,
                "arn:aws:bedrock:us-east-1:1:imported-model/x",
                Some("us-east-1"),
            ),
            (
                "amazon.titan-embed-text-v1",
                Invoke,
                TitanEmbeddings { is_first: true },
                "amazon.titan-embed-text-v1",
                None,
            ),
            (
                "amazon.titan-embed-text-v2:0",
                Invoke,
                TitanEmbeddings { is_first: false },
                "amazon.titan-embed-text-v2:0",
                None,
            ),
            ("cohere.embed-english-v3", Invoke, CohereEmbeddings, "cohere.embed-english-v3", None),
            ("zai.glm-5", Converse, Other, "zai.glm-5", None),
        ] {
            assert_eq!(BedrockModel::of(model), BedrockModel { route, maker, id, region }, "{model}");
        }
    }

    #[test]
    fn a_profile_of_ones_own_says_nothing_of_its_model() {
        let own = BedrockModel::of("arn:aws:bedrock:us-west-2:1:application-inference-profile/abc123");
        assert!(own.is_opaque() && !BedrockModel::of("us.zai.glm-5").is_opaque());
    }
}
