// Starts the console on this server's own document. Ours; the files beside it are Swagger UI's, as they came.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();
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
