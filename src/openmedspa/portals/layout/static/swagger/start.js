// Starts the console on this server's own document. Ours; the files beside it are Swagger UI's, as they came.
window.addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({
    url: "/emr/openapi.json",
    dom_id: "#console",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: -1,
    validatorUrl: null,
    persistAuthorization: false,
    tryItOutEnabled: true,
  });
});
