import { StackSnapshot } from 'cdk-kernel-bypass';
import { stack } from './app';

test('the stack stays as it is', () => {
  expect(StackSnapshot.of(stack)).toMatchSnapshot();
});
