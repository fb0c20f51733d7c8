// node objects.mjs FOLDER <objects.yaml   writes each object as a TypeScript file of its kind's type, so that tsc refuses unknown fields,
// wrong types and missing fields. Run by ../check.sh.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadAll } from "js-yaml";

const packages = { "keda.sh": "@kubernetes-models/keda/", "monitoring.coreos.com": "@kubernetes-models/prometheus-operator/" };
const folder = process.argv[2];
mkdirSync(folder, { recursive: true });

for (const object of loadAll(readFileSync(0, "utf8"))) {
    const { apiVersion, kind, metadata } = object;
    const module = (packages[apiVersion.split("/")[0]] ?? "kubernetes-models/") + apiVersion;
    if (!existsSync(`node_modules/${module}/${kind}.d.ts`)) {
        console.error(`NOT CHECKED: ${folder}: ${kind} ${metadata.name}: no schema of ${apiVersion}`);
        continue;
    }

    const text = `import type { I${kind} } from "${module}";\nexport const object: I${kind} = ${JSON.stringify(object, null, 2)};\n`;
    writeFileSync(`${folder}/${kind}-${metadata.name}.ts`, text);
}
