/** What to do when there is nothing to look after yet. */
import { Code, Stack, Text, Title } from '@mantine/core';
import { useText } from '../text/language.tsx';

const annotate = 'kubectl annotate deployment my-app keel.sh/policy=minor';

const app = `kubectl apply -f - <<EOF
apiVersion: headgate.dev/v1alpha1
kind: App
metadata:
  name: my-app
spec:
  sources:
    - name: web
      image:
        repository: registry.example/my-app
        policy: { semver: { range: ">=1.0.0" } }
  deploy:
    workloads:
      targets:
        - { kind: Deployment, name: my-app }
EOF`;

export function FirstRun() {
  const text = useText();
  return (
    <Stack maw={720}>
      <Title order={2} size="h3">
        {text.first.title}
      </Title>
      <Text>{text.first.lead}</Text>
      <Stack component="ol" gap="md" m={0} pl="lg">
        <li>
          {text.first.stepAnnotate}
          <Code block mt="xs" tabIndex={0}>
            {annotate}
          </Code>
        </li>
        <li>
          {text.first.stepApp}
          <Code block mt="xs" tabIndex={0}>
            {app}
          </Code>
        </li>
        <li>{text.first.stepWatch}</li>
      </Stack>
      <Text size="sm">{text.first.docs}</Text>
    </Stack>
  );
}
