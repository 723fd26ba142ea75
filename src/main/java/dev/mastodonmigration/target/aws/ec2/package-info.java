/**
 * What runs on a machine of {@code spec.target.compute.ec2}, and how it is told what to do. Nothing here asks AWS for anything.
 *
 * <p>{@link UserData} is all that a machine gets when it is launched: systemd units, nginx, the log agent's configuration, and two programs. {@code setup} installs podman, nginx
 * and boto3 and pulls the images; {@code machine} then brings the machine to what the migration asks for, look by look, and says how far it is. There is no secret in user-data, which
 * everybody may read who may describe the instance.
 *
 * <p>Parameter Store ({@link ParameterPaths}) carries both directions. {@link Desired} is one parameter that the operator overwrites; {@link MachineReport} is one for each machine, that the
 * machine overwrites. What is asked for is a state and not a command: an answer that was lost is asked again with the same words, a machine that slept does the newest thing and
 * never an old one, and a stopped Sidekiq stays stopped after a restart of the machine. (A command of Systems Manager is delivered up to an hour late, so that "start Sidekiq" may come after
 * the "stop" that followed it.) The report names the version of the parameter that it did, which is how the operator reads back.
 *
 * <p>The environment ({@link EnvironmentParameters}) stands in parameters of type SecureString under its revision, and is complete before {@link Desired} names it: no machine ever starts
 * with half of an old one and half of a new one. A changed one is a new revision: the machine fetches it and restarts what runs.
 *
 * <p>On the machine it is a file for a shell in /run, which is memory, mounted into each container and read there. Not {@code podman run --env-file}: podman writes a container's environment into its
 * database and its config.json on the disk, and reads a line for a variable whatever quotes there are (it was otherwise in 4.7.0 alone: containers/podman#20256), and a SAML certificate has
 * line breaks.
 * Containers have no part in the machine's role either: they are behind podman's bridge, and the metadata service answers over one hop only.
 *
 * <p>Ubuntu 24.04 has no package of the AWS CLI, and curl would want the secret key among its arguments; python3-boto3 is of its main archive, signs, pages and renews credentials.
 */
package dev.mastodonmigration.target.aws.ec2;
