//! What agents see: the tools of the `app` crate over the Model Context Protocol, on standard input and output. Nothing
//! is decided here, and nothing listens on a network.

use std::sync::Arc;

use app::agent::{Caller, INSTRUCTIONS, TOOLS};
use app::{Code, Error, Folder, Result};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};

/// What an agent calls itself where it does not say.
const NOBODY: &str = "unnamed";

/// Serves one agent until it closes its end. Refused while agents are switched off.
pub fn serve(folder: Folder) -> Result<()> {
    if !app::agent::is_on(&folder)? {
        return Err(app::agent::off());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let running = Server { folder }.serve(rmcp::transport::stdio()).await.map_err(|_| broken())?;
        running.waiting().await.map(drop).map_err(|_| broken())
    });
    // A read of standard input that is under way cannot be called off, and nobody waits for it.
    runtime.shutdown_background();
    served
}

fn broken() -> Error {
    let hint = "`vitalog mcp` is started by a program that runs agents; `vitalog mcp config` prints how.";
    Error::new(Code::BadUsage, "Nobody speaks the Model Context Protocol at the other end.", hint)
}

/// A data folder, and an agent that asks.
struct Server {
    folder: Folder,
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("vitalog", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> std::result::Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(TOOLS.iter().map(told).collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> std::result::Result<CallToolResponse, ErrorData> {
        let agent = context.client_info().map(|info| info.name);
        let folder = self.folder.clone();
        // The store is read where nobody waits: an agent may ask several things at once.
        let answered = tokio::task::spawn_blocking(move || {
            let name = agent.as_deref().unwrap_or(NOBODY);
            let caller = Caller { name, now_ms: crate::cli::now_ms() };
            app::agent::call(&folder, caller, &request.name, &request.arguments.unwrap_or_default())
        });
        match answered.await {
            Ok(Ok(document)) => Ok(CallToolResult::success(vec![ContentBlock::text(document)]).into()),
            Ok(Err(error)) => Ok(refusal(&error).into()),
            Err(_) => Err(ErrorData::internal_error("the tool has failed", None)),
        }
    }
}

/// A tool as the protocol has it: it only reads, and reaches nothing outside.
fn told(tool: &app::agent::Tool) -> Tool {
    let schema = tool.schema().as_object().cloned().unwrap_or_default();
    let reads = ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(false);
    Tool::new(tool.name, tool.description, Arc::new(schema)).annotate(reads)
}

/// What went wrong, as one document: the agent can read it and ask better.
fn refusal(error: &Error) -> CallToolResult {
    let document = serde_json::json!({ "error": error }).to_string();
    CallToolResult::error(vec![ContentBlock::text(document)])
}
