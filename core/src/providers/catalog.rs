//! The providers: names as LiteLLM writes them, addresses, and the variables that hold their keys. Data only.

use crate::config::Environment;
use crate::secret::Secret;
use std::borrow::Cow;

/// How a provider is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As OpenAI's API: this version speaks it.
    OpenAi,
    /// In its own way, by a transform of its own.
    Own,
    /// In its own way: known by name, not spoken yet.
    Other,
}

/// One provider.
#[derive(Debug)]
pub struct Provider {
    /// The name before the `/` of a model.
    pub name: &'static str,
    /// How it is spoken to.
    pub dialect: Dialect,
    /// Its own address; `None` where every operator has another one. `{VARIABLE}` in it stands for a variable's value.
    pub api_base: Option<&'static str>,
    /// Variables that hold another address; the first that is set counts.
    pub base_variables: &'static [&'static str],
    /// Variables that hold its key; the first that is set counts.
    pub key_variables: &'static [&'static str],
    /// Whether it answers nobody without a key.
    pub needs_key: bool,
}

impl Provider {
    /// The key that the environment holds for it.
    pub fn key(&self, environment: &Environment) -> Option<Secret> {
        self.key_variables.iter().find_map(|name| environment.secret(name))
    }

    /// Where it is called if the deployment does not say: the environment's address, else its own.
    pub fn base<'e>(&self, environment: &'e Environment) -> Option<Cow<'e, str>> {
        let said = self.base_variables.iter().find_map(|name| environment.text(name)).map(Cow::Borrowed);
        said.or_else(|| filled(self.api_base?, environment))
    }
}

/// An address with the value of the variable that it names. `None` where that is not set.
fn filled<'e>(address: &'static str, environment: &'e Environment) -> Option<Cow<'e, str>> {
    let Some((before, rest)) = address.split_once('{') else { return Some(Cow::Borrowed(address)) };
    let (variable, after) = rest.split_once('}')?;
    Some(Cow::Owned(format!("{before}{}{after}", environment.text(variable)?)))
}

/// The provider of that name.
pub fn find(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.name == name)
}

/// The providers that this version speaks to.
pub fn spoken() -> impl Iterator<Item = &'static Provider> {
    PROVIDERS.iter().filter(|provider| provider.dialect != Dialect::Other)
}

const fn hosted(
    name: &'static str,
    api_base: &'static str,
    base_variables: &'static [&'static str],
    key_variables: &'static [&'static str],
) -> Provider {
    Provider {
        name,
        dialect: Dialect::OpenAi,
        api_base: Some(api_base),
        base_variables,
        key_variables,
        needs_key: true,
    }
}

/// Hosted, at an address of the operator's own.
const fn elsewhere(
    name: &'static str,
    base_variables: &'static [&'static str],
    key_variables: &'static [&'static str],
) -> Provider {
    Provider { name, dialect: Dialect::OpenAi, api_base: None, base_variables, key_variables, needs_key: true }
}

/// Run by the operator: no key is needed, and often no address is known.
const fn own(
    name: &'static str,
    api_base: Option<&'static str>,
    base_variables: &'static [&'static str],
    key_variables: &'static [&'static str],
) -> Provider {
    Provider { name, dialect: Dialect::OpenAi, api_base, base_variables, key_variables, needs_key: false }
}

/// One that has a transform of its own.
const fn of_its_own(provider: Provider) -> Provider {
    Provider { dialect: Dialect::Own, ..provider }
}

const fn other(name: &'static str) -> Provider {
    Provider { name, dialect: Dialect::Other, api_base: None, base_variables: &[], key_variables: &[], needs_key: true }
}

const COHERE_BASE: &[&str] = &["COHERE_API_BASE"];
const COHERE_KEY: &[&str] = &["COHERE_API_KEY", "CO_API_KEY"];

/// `openai` stands first: it is the provider of a `*` that names none.
static PROVIDERS: &[Provider] = &[
    hosted("openai", "https://api.openai.com/v1", &["OPENAI_BASE_URL", "OPENAI_API_BASE"], &["OPENAI_API_KEY"]),
    hosted(
        "text-completion-openai",
        "https://api.openai.com/v1",
        &["OPENAI_BASE_URL", "OPENAI_API_BASE"],
        &["OPENAI_API_KEY"],
    ),
    own("custom_openai", None, &[], &[]),
    own("openai_like", None, &["OPENAI_LIKE_API_BASE"], &["OPENAI_LIKE_API_KEY"]),
    own("hosted_vllm", None, &["HOSTED_VLLM_API_BASE"], &["HOSTED_VLLM_API_KEY"]),
    own("litellm_proxy", None, &["LITELLM_PROXY_API_BASE"], &["LITELLM_PROXY_API_KEY"]),
    own("infinity", None, &["INFINITY_API_BASE"], &["INFINITY_API_KEY"]),
    own("lm_studio", None, &["LM_STUDIO_API_BASE"], &["LM_STUDIO_API_KEY"]),
    own("lemonade", Some("http://localhost:8000/api/v1"), &["LEMONADE_API_BASE"], &["LEMONADE_API_KEY"]),
    own("llamafile", Some("http://127.0.0.1:8080/v1"), &["LLAMAFILE_API_BASE"], &["LLAMAFILE_API_KEY"]),
    own("xinference", Some("http://127.0.0.1:9997/v1"), &["XINFERENCE_API_BASE"], &["XINFERENCE_API_KEY"]),
    of_its_own(own("ollama", Some("http://localhost:11434"), &["OLLAMA_API_BASE"], &["OLLAMA_API_KEY"])),
    of_its_own(own("ollama_chat", Some("http://localhost:11434"), &["OLLAMA_API_BASE"], &["OLLAMA_API_KEY"])),
    elsewhere("azure", &["AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT"], &["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"]),
    elsewhere("azure_text", &["AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT"], &["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"]),
    of_its_own(elsewhere("azure_ai", &["AZURE_AI_API_BASE"], &["AZURE_AI_API_KEY"])),
    of_its_own(elsewhere(
        "watsonx",
        &["WATSONX_API_BASE", "WATSONX_URL", "WX_URL", "WML_URL"],
        &["WATSONX_APIKEY", "WATSONX_API_KEY", "WX_API_KEY"],
    )),
    elsewhere("bedrock_mantle", &["BEDROCK_MANTLE_API_BASE"], &["BEDROCK_MANTLE_API_KEY", "AWS_BEARER_TOKEN_BEDROCK"]),
    elsewhere("heroku", &["HEROKU_API_BASE"], &["HEROKU_API_KEY"]),
    elsewhere("databricks", &["DATABRICKS_API_BASE"], &["DATABRICKS_API_KEY"]),
    elsewhere("snowflake", &["SNOWFLAKE_API_BASE"], &["SNOWFLAKE_JWT", "SNOWFLAKE_API_KEY"]),
    hosted("ai21", "https://api.ai21.com/studio/v1", &["AI21_API_BASE"], &["AI21_API_KEY"]),
    hosted("ai21_chat", "https://api.ai21.com/studio/v1", &["AI21_API_BASE"], &["AI21_API_KEY"]),
    hosted("anyscale", "https://api.endpoints.anyscale.com/v1", &["ANYSCALE_API_BASE"], &["ANYSCALE_API_KEY"]),
    hosted("cerebras", "https://api.cerebras.ai/v1", &["CEREBRAS_API_BASE"], &["CEREBRAS_API_KEY"]),
    hosted(
        "cloudflare",
        "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1",
        &["CLOUDFLARE_API_BASE"],
        &["CLOUDFLARE_API_KEY"],
    ),
    hosted("codestral", "https://codestral.mistral.ai/v1", &["CODESTRAL_API_BASE"], &["CODESTRAL_API_KEY"]),
    hosted(
        "dashscope",
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        &["DASHSCOPE_API_BASE"],
        &["DASHSCOPE_API_KEY"],
    ),
    hosted("deepinfra", "https://api.deepinfra.com/v1/openai", &["DEEPINFRA_API_BASE"], &["DEEPINFRA_API_KEY"]),
    hosted("deepseek", "https://api.deepseek.com/beta", &["DEEPSEEK_API_BASE"], &["DEEPSEEK_API_KEY"]),
    hosted("empower", "https://app.empower.dev/api/v1", &["EMPOWER_API_BASE"], &["EMPOWER_API_KEY"]),
    hosted(
        "featherless_ai",
        "https://api.featherless.ai/v1",
        &["FEATHERLESS_AI_API_BASE", "FEATHERLESS_API_BASE"],
        &["FEATHERLESS_AI_API_KEY", "FEATHERLESS_API_KEY"],
    ),
    hosted(
        "fireworks_ai",
        "https://api.fireworks.ai/inference/v1",
        &["FIREWORKS_API_BASE"],
        &["FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN"],
    ),
    hosted(
        "friendliai",
        "https://api.friendli.ai/serverless/v1",
        &["FRIENDLI_API_BASE"],
        &["FRIENDLIAI_API_KEY", "FRIENDLI_TOKEN"],
    ),
    hosted("galadriel", "https://api.galadriel.com/v1", &["GALADRIEL_API_BASE"], &["GALADRIEL_API_KEY"]),
    hosted("github", "https://models.inference.ai.azure.com", &["GITHUB_API_BASE"], &["GITHUB_API_KEY"]),
    hosted("groq", "https://api.groq.com/openai/v1", &["GROQ_API_BASE"], &["GROQ_API_KEY"]),
    of_its_own(hosted(
        "huggingface",
        "https://router.huggingface.co",
        &["HUGGINGFACE_API_BASE", "HF_API_BASE"],
        &["HUGGINGFACE_API_KEY", "HF_TOKEN"],
    )),
    hosted("hyperbolic", "https://api.hyperbolic.xyz/v1", &["HYPERBOLIC_API_BASE"], &["HYPERBOLIC_API_KEY"]),
    hosted(
        "jina_ai",
        "https://api.jina.ai/v1",
        &["JINA_AI_API_BASE"],
        &["JINA_AI_API_KEY", "JINA_API_KEY", "JINA_AI_TOKEN"],
    ),
    hosted("lambda_ai", "https://api.lambda.ai/v1", &["LAMBDA_API_BASE"], &["LAMBDA_API_KEY"]),
    hosted("meta_llama", "https://api.llama.com/compat/v1", &["LLAMA_API_BASE"], &["LLAMA_API_KEY"]),
    hosted("mistral", "https://api.mistral.ai/v1", &["MISTRAL_API_BASE"], &["MISTRAL_API_KEY"]),
    hosted("moonshot", "https://api.moonshot.ai/v1", &["MOONSHOT_API_BASE"], &["MOONSHOT_API_KEY"]),
    hosted("morph", "https://api.morphllm.com/v1", &["MORPH_API_BASE"], &["MORPH_API_KEY"]),
    hosted("nebius", "https://api.studio.nebius.ai/v1", &["NEBIUS_API_BASE"], &["NEBIUS_API_KEY"]),
    hosted("novita", "https://api.novita.ai/v3/openai", &["NOVITA_API_BASE"], &["NOVITA_API_KEY"]),
    hosted("nscale", "https://inference.api.nscale.com/v1", &["NSCALE_API_BASE"], &["NSCALE_API_KEY"]),
    hosted("nvidia_nim", "https://integrate.api.nvidia.com/v1", &["NVIDIA_NIM_API_BASE"], &["NVIDIA_NIM_API_KEY"]),
    hosted(
        "openrouter",
        "https://openrouter.ai/api/v1",
        &["OPENROUTER_API_BASE"],
        &["OPENROUTER_API_KEY", "OR_API_KEY"],
    ),
    hosted(
        "perplexity",
        "https://api.perplexity.ai",
        &["PERPLEXITY_API_BASE"],
        &["PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"],
    ),
    hosted("sambanova", "https://api.sambanova.ai/v1", &["SAMBANOVA_API_BASE"], &["SAMBANOVA_API_KEY"]),
    hosted(
        "together_ai",
        "https://api.together.ai/v1",
        &["TOGETHER_AI_API_BASE"],
        &["TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_AI_TOKEN"],
    ),
    hosted("v0", "https://api.v0.dev/v1", &["V0_API_BASE"], &["V0_API_KEY"]),
    hosted(
        "vercel_ai_gateway",
        "https://ai-gateway.vercel.sh/v1",
        &["VERCEL_AI_GATEWAY_API_BASE"],
        &["VERCEL_AI_GATEWAY_API_KEY", "VERCEL_OIDC_TOKEN"],
    ),
    hosted("volcengine", "https://ark.cn-beijing.volces.com/api/v3", &["VOLCENGINE_API_BASE"], &["VOLCENGINE_API_KEY"]),
    hosted(
        "voyage",
        "https://api.voyageai.com/v1",
        &["VOYAGE_API_BASE"],
        &["VOYAGE_API_KEY", "VOYAGE_AI_API_KEY", "VOYAGE_AI_TOKEN"],
    ),
    hosted("wandb", "https://api.inference.wandb.ai/v1", &["WANDB_API_BASE"], &["WANDB_API_KEY"]),
    hosted("xai", "https://api.x.ai/v1", &["XAI_API_BASE"], &["XAI_API_KEY"]),
    hosted("abliteration", "https://api.abliteration.ai/v1", &[], &["ABLITERATION_API_KEY"]),
    hosted("aihubmix", "https://aihubmix.com/v1", &["AIHUBMIX_API_BASE"], &["AIHUBMIX_API_KEY"]),
    hosted("aiml", "https://api.aimlapi.com/v1", &["AIML_API_BASE"], &["AIML_API_KEY"]),
    hosted("amazon_nova", "https://api.nova.amazon.com/v1", &["AMAZON_NOVA_API_BASE"], &["AMAZON_NOVA_API_KEY"]),
    hosted("apertis", "https://api.stima.tech/v1", &[], &["STIMA_API_KEY"]),
    hosted("baseten", "https://inference.baseten.co/v1", &["BASETEN_API_BASE"], &["BASETEN_API_KEY"]),
    hosted(
        "charity_engine",
        "https://api.charityengine.services/remotejobs/v2/inference",
        &[],
        &["CHARITY_ENGINE_API_KEY"],
    ),
    hosted("chutes", "https://llm.chutes.ai/v1", &[], &["CHUTES_API_KEY"]),
    hosted("cognition", "https://api.cognition.ai/v1", &["COGNITION_API_BASE"], &["COGNITION_API_KEY"]),
    hosted("coralbricks", "https://inference.coralbricks.ai/v1", &["CORALBRICKS_API_BASE"], &["CORALBRICKS_API_KEY"]),
    hosted(
        "crusoe",
        "https://managed-inference-api-proxy.crusoecloud.com/v1",
        &["CRUSOE_API_BASE"],
        &["CRUSOE_API_KEY"],
    ),
    hosted("darkbloom", "https://api.darkbloom.dev/v1", &["DARKBLOOM_API_BASE"], &["DARKBLOOM_API_KEY"]),
    hosted("gmi", "https://api.gmi-serving.com/v1", &[], &["GMI_API_KEY"]),
    hosted("gradient_ai", "https://inference.do-ai.run/v1", &["GRADIENT_AI_AGENT_ENDPOINT"], &["GRADIENT_AI_API_KEY"]),
    hosted("helicone", "https://ai-gateway.helicone.ai", &[], &["HELICONE_API_KEY"]),
    hosted("inception", "https://api.inceptionlabs.ai/v1", &["INCEPTION_API_BASE"], &["INCEPTION_API_KEY"]),
    hosted(
        "inferenceapis",
        "https://api.inferenceapis.com/v1",
        &["INFERENCEAPIS_API_BASE"],
        &["INFERENCEAPIS_API_KEY"],
    ),
    hosted("libertai", "https://api.libertai.io/v1", &[], &["LIBERTAI_API_KEY"]),
    hosted("llamagate", "https://api.llamagate.dev/v1", &[], &["LLAMAGATE_API_KEY"]),
    hosted("minimax", "https://api.minimax.io/v1", &["MINIMAX_API_BASE"], &["MINIMAX_API_KEY"]),
    hosted("nano-gpt", "https://nano-gpt.com/api/v1", &[], &["NANOGPT_API_KEY"]),
    hosted("openinfer", "https://api.openinfer.ai/v1", &["OPENINFER_API_BASE"], &["OPENINFER_API_KEY"]),
    hosted(
        "ovhcloud",
        "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
        &["OVHCLOUD_API_BASE"],
        &["OVHCLOUD_API_KEY"],
    ),
    hosted("pinstripes", "https://pinstripes.io/v1", &[], &["PINSTRIPES_API_KEY"]),
    hosted("poe", "https://api.poe.com/v1", &[], &["POE_API_KEY"]),
    hosted("prism", "https://api.prisminference.com/v1", &["PRISM_API_BASE"], &["PRISM_API_KEY"]),
    hosted("publicai", "https://api.publicai.co/v1", &["PUBLICAI_API_BASE"], &["PUBLICAI_API_KEY"]),
    hosted(
        "qwen_ai_platform",
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        &["QWEN_AI_PLATFORM_API_BASE"],
        &["QWEN_AI_PLATFORM_API_KEY", "DASHSCOPE_API_KEY"],
    ),
    hosted(
        "qwencloud",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        &["QWENCLOUD_API_BASE"],
        &["QWENCLOUD_API_KEY", "DASHSCOPE_API_KEY"],
    ),
    hosted("sail", "https://api.sailresearch.com/v1", &[], &["SAIL_API_KEY"]),
    hosted("sarvam", "https://api.sarvam.ai/v1", &[], &["SARVAM_API_KEY"]),
    hosted("scaleway", "https://api.scaleway.ai/v1", &[], &["SCW_SECRET_KEY"]),
    hosted("scx-ai", "https://api.scx.ai/v1", &["SCX_API_BASE"], &["SCX_API_KEY"]),
    hosted("synthetic", "https://api.synthetic.new/openai/v1", &[], &["SYNTHETIC_API_KEY"]),
    hosted("tencent", "https://tokenhub-intl.tencentcloudmaas.com/v1", &["TENCENT_API_BASE"], &["TENCENT_API_KEY"]),
    hosted(
        "tensormesh",
        "https://serverless.tensormesh.ai/v1",
        &["TENSORMESH_SERVERLESS_BASE_URL"],
        &["TENSORMESH_INFERENCE_API_KEY"],
    ),
    hosted("veniceai", "https://api.venice.ai/api/v1", &[], &["VENICE_AI_API_KEY"]),
    hosted("xiaomi_mimo", "https://api.xiaomimimo.com/v1", &[], &["XIAOMI_MIMO_API_KEY"]),
    hosted("zai", "https://api.z.ai/api/paas/v4", &["ZAI_API_BASE"], &["ZAI_API_KEY"]),
    other("aleph_alpha"),
    of_its_own(hosted(
        "anthropic",
        "https://api.anthropic.com",
        &["ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL"],
        &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"],
    )),
    of_its_own(hosted("cohere", "https://api.cohere.com", COHERE_BASE, COHERE_KEY)),
    of_its_own(hosted("cohere_chat", "https://api.cohere.com", COHERE_BASE, COHERE_KEY)),
    other("anthropic_text"),
    other("assemblyai"),
    Provider { dialect: Dialect::Own, ..elsewhere("bedrock", &[], &["AWS_BEARER_TOKEN_BEDROCK"]) },
    Provider { dialect: Dialect::Own, ..elsewhere("bedrock_converse", &[], &["AWS_BEARER_TOKEN_BEDROCK"]) },
    other("bytez"),
    other("chatgpt"),
    other("clarifai"),
    other("custom"),
    other("datarobot"),
    other("deepgram"),
    other("elevenlabs"),
    other("fal_ai"),
    Provider {
        dialect: Dialect::Own,
        ..hosted(
            "gemini",
            "https://generativelanguage.googleapis.com",
            &["GEMINI_API_BASE"],
            &["GOOGLE_API_KEY", "GEMINI_API_KEY"],
        )
    },
    other("gigachat"),
    other("github_copilot"),
    other("maritalk"),
    other("nlp_cloud"),
    other("oci"),
    other("oobabooga"),
    other("palm"),
    other("petals"),
    other("predibase"),
    other("recraft"),
    of_its_own(hosted(
        "replicate",
        "https://api.replicate.com/v1",
        &["REPLICATE_API_BASE"],
        &["REPLICATE_API_KEY", "REPLICATE_API_TOKEN"],
    )),
    other("runwayml"),
    Provider { dialect: Dialect::Own, ..elsewhere("sagemaker", &[], &[]) },
    Provider { dialect: Dialect::Own, ..elsewhere("sagemaker_chat", &[], &[]) },
    other("stability"),
    Provider {
        dialect: Dialect::Own,
        ..hosted(
            "text-completion-codestral",
            "https://codestral.mistral.ai/v1/fim/completions",
            &["CODESTRAL_API_BASE"],
            &["CODESTRAL_API_KEY"],
        )
    },
    other("topaz"),
    other("triton"),
    Provider { dialect: Dialect::Own, ..elsewhere("vertex_ai", &[], &[]) },
    Provider { dialect: Dialect::Own, ..elsewhere("vertex_ai_beta", &[], &[]) },
    other("vllm"),
    other("watsonx_text"),
];

#[cfg(test)]
mod tests;
