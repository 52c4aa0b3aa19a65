/** Shell completion: the words of the command tree, written out for each shell. No shell runs the program to complete. */
import type { Command } from "commander";
import { choice, type DeclareCommand, examples } from "../command.js";

const SHELLS = ["bash", "zsh", "fish"] as const;

export const completion: DeclareCommand = (program, cli) => {
  program
    .command("completion")
    .description("print a completion script for a shell")
    .argument("<shell>", SHELLS.join(", "))
    .option("--json", "print JSON: the script, and the tree of commands and options")
    .addHelpText(
      "after",
      examples(
        ["completion bash > ~/.local/share/bash-completion/completions/ringfence", "bash"],
        ["completion zsh > ~/.zfunc/_ringfence", "zsh"],
        ["completion fish > ~/.config/fish/completions/ringfence.fish", "fish"],
      ),
    )
    .action((shell: string, { json }: { json?: true }) => {
      const words = wordsOf(program, []);
      const scripts = { bash, zsh, fish };
      const script = scripts[choice("completion", shell, SHELLS)](words);
      if (json === true) cli.terminal.json({ shell, commands: words, script });
      else cli.terminal.result(script);
    });
};

/** A command's path in the tree, what may follow it, and its options. */
interface Words {
  readonly path: readonly string[];
  readonly about: string;
  readonly commands: readonly string[];
  readonly options: readonly { readonly flag: string; readonly about: string }[];
}

function wordsOf(command: Command, path: readonly string[]): Words[] {
  const children = command.commands.filter((child) => child.name() !== "help");
  const options = command.options.flatMap((option) => {
    const flag = option.long ?? option.short;
    return flag === undefined || flag === null ? [] : [{ flag, about: option.description }];
  });
  const own: Words = {
    path,
    about: command.description(),
    commands: children.map((child) => child.name()),
    options: [...options, { flag: "--help", about: "explain the command" }],
  };
  return [own, ...children.flatMap((child) => wordsOf(child, [...path, child.name()]))];
}

function cases(words: readonly Words[]): string {
  return words
    .map(({ path, commands, options }) => {
      const flags = options.map(({ flag }) => flag).join(" ");
      return `    "${path.join(" ")}") words="${[...commands, flags].join(" ")}" ;;`;
    })
    .join("\n");
}

/** Walks the words typed so far down the tree; what isn't a command of it (options, files) is passed over. */
function walk(words: readonly Words[]): string {
  const known = words.filter(({ path }) => path.length > 0).map(({ path }) => `"${path.join(" ")}"`);
  return known.length === 0 ? "" : known.join("|");
}

function bash(words: readonly Words[]): string {
  return `# bash completion for ringfence
_ringfence() {
  local path="" word words="" current="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in ${walk(words)}) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases(words)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ \${#COMPREPLY[@]} -eq 0 && $current != -* ]]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _ringfence ringfence`;
}

function zsh(words: readonly Words[]): string {
  return `#compdef ringfence
_ringfence() {
  local path_="" word words_=""
  for word in "\${words[@]:1:$((CURRENT-2))}"; do
    case "\${path_:+$path_ }$word" in ${walk(words)}) path_="\${path_:+$path_ }$word" ;; esac
  done
  case "$path_" in
${cases(words).replaceAll("words=", "words_=")}
  esac
  compadd -- \${=words_}
  _files
}
_ringfence "$@"`;
}

function fish(words: readonly Words[]): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = words.flatMap(({ path, options }) => {
    const seen =
      path.length === 0
        ? "__fish_use_subcommand"
        : path.map((name) => `__fish_seen_subcommand_from ${name}`).join("; and ");
    return options.map(
      ({ flag, about }) => `complete -c ringfence -n ${quote(seen)} -l ${flag.replace(/^-+/, "")} -d ${quote(about)}`,
    );
  });
  const commands = words.flatMap(({ path, about }) => {
    if (path.length === 0) return [];
    const above = path.slice(0, -1);
    const seen =
      above.length === 0
        ? "__fish_use_subcommand"
        : above.map((name) => `__fish_seen_subcommand_from ${name}`).join("; and ");
    return [`complete -c ringfence -n ${quote(seen)} -a ${path.at(-1)} -d ${quote(about)}`];
  });
  return ["# fish completion for ringfence", ...commands, ...lines].join("\n");
}
