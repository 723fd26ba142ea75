package dev.mastodonmigration.embedded;

import java.util.List;
import java.util.Optional;

/** Add-ons that one app of the stub is billed for, as tests set and see them. */
public final class HerokuOwnedAddOns {
    /** One of them. */
    public final class Owned {
        public final String id;
        public final String name;

        private Owned(HerokuAttachments.AddOn addOn) {
            this.id = addOn.id();
            this.name = addOn.name();
        }

        /** Has that app use it too, by a config var of that name and _URL, which an attachment gives from now on. */
        public Owned attach(HerokuStubApp app, String as) {
            attachments.attach(app.name(), name, as, Optional.empty());
            app.config(as + "_URL", null);
            return this;
        }

        /** Sets the scene: that app does not use it any more. */
        public void detach(HerokuStubApp app) {
            attachments.detach(app.name(), name);
        }
    }

    private final String owner;
    private final HerokuAttachments attachments;

    HerokuOwnedAddOns(String owner, HerokuAttachments attachments) {
        this.owner = owner;
        this.attachments = attachments;
    }

    /** Creates one that leads to this URL, billed by the month; attach it by name. */
    public Owned create(String service, String plan, int usd, String url) {
        return new Owned(attachments.create(owner, service, plan, HerokuStubApp.monthly(usd), url));
    }

    /** Their names. */
    public List<String> names() {
        return attachments.billedTo(owner).stream().map(HerokuAttachments.AddOn::name).toList();
    }
}
