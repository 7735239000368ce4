//! How a provider can differ from OpenAI: what a row of the table can say.
//!
//! Lists of parameters are written as words of one text.

/// One provider.
#[derive(Debug)]
pub struct Row {
    /// The provider's name.
    pub provider: &'static str,
    /// Parameters of a chat that its models take.
    pub takes: &'static str,
    /// Parameters beyond those.
    pub more: &'static str,
    /// What some of its models take or do not take. Every entry that matches counts, in order.
    pub by_model: &'static [ByModel],
    /// Parameters of embeddings that its models take.
    pub embeddings: &'static str,
    /// The name under which the most output tokens are sent; `None`: as the client sends it.
    pub cap: Option<&'static str>,
    /// What stands between the base and an operation's path.
    pub path: &'static str,
    /// Members that every chat carries, as JSON.
    pub chat_members: &'static [(&'static str, &'static str)],
    /// Headers of every call.
    pub headers: &'static [(&'static str, &'static str)],
    /// Members of a message that the provider refuses.
    pub message_members_refused: &'static [&'static str],
    /// Words of a tool's definition that the provider refuses, at any depth.
    pub tool_words_refused: &'static [&'static str],
    /// Rules about values.
    pub rules: &'static [Rule],
}

/// What some models of a provider take.
#[derive(Debug)]
pub struct ByModel {
    /// Which models.
    pub models: Models,
    /// They take these too.
    pub more: &'static str,
    /// They do not take these.
    pub less: &'static str,
    /// As [`Row::cap`].
    pub cap: Option<&'static str>,
    /// Rules that hold for them.
    pub rules: &'static [Rule],
}

/// A selection of models.
#[derive(Debug)]
pub enum Models {
    /// Those whose own name (behind the last `/`) begins with one of these.
    Named(&'static [&'static str]),
    /// Those that begin with one of these, as the deployment says them.
    Begins(&'static [&'static str]),
    /// All but those.
    NotNamed(&'static [&'static str]),
    /// Those of which the price data says this ability.
    Able(&'static str),
    /// Those of which it does not say it, and models that the price data does not have.
    NotAble(&'static str),
    /// Those that have the ability, and models that the price data does not have.
    NotKnownToLack(&'static str),
    /// Those that the price data has, and of which it does not say this ability.
    KnownToLack(&'static str),
    /// Those of which the price data says that they lack this ability.
    Denied(&'static str),
    /// Those that are OpenAI's.
    OpenAis,
}

/// How values differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The address names a deployment and a version, as Azure's.
    AzureAddress,
    /// `stream: false` is said, where nothing is said elsewhere.
    SaysNoStream,
    /// The role `developer` is known; elsewhere it is `system`.
    HasDeveloperRole,
    /// There is no role `system`: such messages are the user's.
    NoSystemRole,
    /// Marks for prompt caching pass; elsewhere they are taken out.
    KeepsCacheMarks,
    /// Contents of text parts are joined to one text.
    JoinsText,
    /// Contents of an assistant's text parts are joined line by line.
    JoinsAssistantText,
    /// Only a user's message may have a name.
    NamesOnlyUsers,
    /// The input of embeddings is always a list.
    ListsInput,
    /// An input in OpenAI's tokens is understood; elsewhere it is told as text.
    TakesTokens,
    /// `dimensions` are called `output_dimension`.
    OutputDimension,
    /// An image among the inputs of embeddings is an object with its base64.
    ImagesAreObjects,
    /// Embeddings of images have an address of their own.
    ImagesApart,
    /// No temperature but 1 while the model reasons.
    OnlyTemperatureOne,
    /// It reasons only where an effort is asked for.
    MayNotReason,
    /// `thinking` is on or off, without a budget, and `reasoning_effort` turns it on.
    ThinkingIsASwitch,
    /// `thinking` is said as `reasoning_effort`.
    ThinkingIsAnEffort,
    /// Reasoning is asked for by a system message.
    ThinkingIsAPrompt,
    /// A tool that must be called is asked for in words.
    ToolChoiceInWords,
    /// `tool_choice` can only be left out.
    NoToolChoice,
    /// `tool_choice: required` is called `any`, and no single tool can be chosen.
    ToolChoiceAny,
    /// A `reasoning_effort` is said as `thinking` with a budget.
    EffortIsThinking,
    /// A schema for answers is said as a tool.
    SchemaIsATool,
    /// No other format of the answer is known.
    NoFormatButSchemas,
    /// No format of the answer beside tools.
    NoFormatBesideTools,
    /// A tool always has parameters.
    ToolsHaveParameters,
    /// `seed` is called `random_seed`.
    RandomSeed,
    /// A model's short name stands for one of Fireworks' own.
    FireworksModelNames,
}
