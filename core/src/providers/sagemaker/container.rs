//! What runs behind an endpoint of SageMaker: the operator says which.

/// Endpoints of SageMaker, by what their containers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SageMaker {
    /// As OpenAI's API chats.
    Chat,
    /// As Hugging Face's servers go on with a text.
    Generate,
}
