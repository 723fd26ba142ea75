package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.http.MockResponse;
import java.util.List;

/** A request that the API server does not carry out, with the Status that it answers. */
final class ApiRefusal extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Status status;

    private ApiRefusal(Status status) {
        super(status.getMessage());
        this.status = status;
    }

    static ApiRefusal of(int code, String reason, String message) {
        return new ApiRefusal(new StatusBuilder().withStatus("Failure").withCode(code).withReason(reason).withMessage(message).withNewDetails().endDetails().build());
    }

    static ApiRefusal notFound(String resource, String name) {
        return of(404, "NotFound", resource + " \"" + name + "\" not found");
    }

    static ApiRefusal conflict(String resource, String name) {
        return of(409, "Conflict", "Operation cannot be fulfilled on " + resource + " \"" + name
                + "\": the object has been modified; please apply your changes to the latest version and try again");
    }

    static ApiRefusal forbidden(String resource, String name, String why) {
        return of(403, "Forbidden", resource + " \"" + name + "\" is forbidden: " + why);
    }

    /** Of a namespace that terminates: told apart from other 403s by its cause alone. */
    static ApiRefusal namespaceTerminates(String resource, String name, String namespace) {
        var refusal = forbidden(resource, name, "unable to create new content in namespace " + namespace + " because it is being terminated");
        refusal.status.getDetails().setCauses(List.of(new StatusCause("metadata.namespace", "namespace " + namespace + " is being terminated", "NamespaceTerminating")));
        return refusal;
    }

    /** What is wrong with an object, all of it. */
    static ApiRefusal invalid(String kind, String group, String name, List<StatusCause> causes) {
        var each = causes.stream().map(cause -> cause.getField() + ": " + cause.getMessage()).toList();
        return new ApiRefusal(new StatusBuilder().withStatus("Failure").withCode(422).withReason("Invalid")
                .withMessage(kind + (group.isEmpty() ? "" : "." + group) + " \"" + name + "\" is invalid: " + (each.size() == 1 ? each.getFirst() : each.toString()))
                .withNewDetails().withName(name).withGroup(group).withKind(kind).withCauses(causes).endDetails().build());
    }

    static ApiRefusal immutable(String kind, String group, String name, String field) {
        return invalid(kind, group, name, List.of(new StatusCause(field, "Invalid value: field is immutable", "FieldValueInvalid")));
    }

    MockResponse response() {
        return new MockResponse().setResponseCode(status.getCode()).setHeader("Content-Type", "application/json").setBody(Serialization.asJson(status));
    }
}
